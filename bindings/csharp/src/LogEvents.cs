using System.Collections.Generic;
using System.Diagnostics.Tracing;
using System.Linq;
using System.Text.RegularExpressions;

namespace SgOpenTracking
{
    /// <summary>The log as events of .NET, for an <see cref="EventListener"/>, dotnet-trace and the like: each with the
    /// line, and its fields by name.</summary>
    [EventSource(Name = "SgOpenTracking")]
    internal sealed class LogEvents : EventSource
    {
        private static readonly Regex Field = new Regex(@"(\w+)=(?:""((?:[^""\\]|\\.)*)""|(\S*))");

        internal static readonly LogEvents Source = new LogEvents();

        private LogEvents() : base(EventSourceSettings.EtwSelfDescribingEventFormat) // else fields could not be sequences
        {
        }

        /// <summary>The number of the least urgent level that somebody listens to; 0 if nobody does.</summary>
        internal int Wanted
        {
            get
            {
                var level = LogLevel.Debug;
                while (level > 0 && !IsListenedTo(level))
                {
                    level--;
                }
                return (int)level;
            }
        }

        [NonEvent]
        internal void Write(LogLevel level, string line)
        {
            if (!IsListenedTo(level))
            {
                return;
            }
            switch (level)
            {
                case LogLevel.Error: Error(line, Fields(line)); break;
                case LogLevel.Warn: Warn(line, Fields(line)); break;
                case LogLevel.Info: Info(line, Fields(line)); break;
                default: Debug(line, Fields(line)); break;
            }
        }

        private bool IsListenedTo(LogLevel level)
        {
            return IsEnabled((EventLevel)(level + 1), EventKeywords.None); // .NET has one above errors
        }

        /// <summary>A value is a word, or a JSON string in which no more is escaped than quotation marks and
        /// backslashes.</summary>
        internal static IEnumerable<KeyValuePair<string, string>> Fields(string line)
        {
            return Field.Matches(line).Cast<Match>().Select(field => new KeyValuePair<string, string>(
                field.Groups[1].Value,
                Regex.Replace(field.Groups[2].Value, @"\\(.)", "$1") + field.Groups[3].Value));
        }

        [Event(1, Level = EventLevel.Error)]
        private void Error(string line, IEnumerable<KeyValuePair<string, string>> fields)
        {
            WriteEvent(1, line, fields);
        }

        [Event(2, Level = EventLevel.Warning)]
        private void Warn(string line, IEnumerable<KeyValuePair<string, string>> fields)
        {
            WriteEvent(2, line, fields);
        }

        [Event(3, Level = EventLevel.Informational)]
        private void Info(string line, IEnumerable<KeyValuePair<string, string>> fields)
        {
            WriteEvent(3, line, fields);
        }

        [Event(4, Level = EventLevel.Verbose)]
        private void Debug(string line, IEnumerable<KeyValuePair<string, string>> fields)
        {
            WriteEvent(4, line, fields);
        }
    }
}
