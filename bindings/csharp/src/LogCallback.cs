using System;

namespace SgOpenTracking
{
    /// <summary>Hands the library's log to <see cref="ClientOptions.Log"/>, and to those who listen to
    /// <see cref="LogEvents"/>.</summary>
    internal sealed class LogCallback
    {
        private readonly Action<LogLevel, string>? action;
        private readonly LogLevel level;
        private readonly Native.OnLog onLog; // held for the library, which knows its address alone

        private LogCallback(Action<LogLevel, string>? action, LogLevel level)
        {
            this.action = action;
            this.level = level;
            onLog = Write;
        }

        /// <summary>Asks for what is wanted now. Null if that is nothing; else it must be reachable while lines may
        /// come.</summary>
        internal static LogCallback? Set(IntPtr config, Action<LogLevel, string>? action, LogLevel level)
        {
            var wanted = Math.Max(action == null ? 0 : Arguments.Number(level), LogEvents.Source.Wanted);
            if (wanted == 0)
            {
                return null;
            }
            var log = new LogCallback(action, level);
            Arguments.Check(Native.Library.ConfigSetLog(config, wanted, log.onLog, IntPtr.Zero), "LogLevel was refused");
            return log;
        }

        private void Write(IntPtr context, int number, IntPtr text)
        {
            try
            {
                var line = Native.ToText(text);
                LogEvents.Source.Write((LogLevel)number, line);
                if ((LogLevel)number <= level)
                {
                    action?.Invoke((LogLevel)number, line);
                }
            }
            catch (Exception)
            {
                // It can't pass through native frames; and a log that fails is no reason for a call to fail.
            }
        }
    }
}
