using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics.Tracing;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using SgOpenTracking;

/// <summary>The log: by the option of a client, and by events.</summary>
public static partial class Tests
{
    private static ClientOptions Logging(Action<LogLevel, string> log, LogLevel level = LogLevel.Info)
    {
        var options = Sandbox();
        options.MaxRetries = 1;
        options.Log = log;
        options.LogLevel = level;
        return options;
    }

    private static string EventOf(LogLevel level, string line)
    {
        return level.ToString().ToLowerInvariant() + " " + Regex.Match(line, @"^event=(\w+) level=\w+ ").Groups[1].Value;
    }

    public static void TheLevelOfTheLogIsAskedFor()
    {
        var wanted = new Dictionary<LogLevel, string>
        {
            { LogLevel.Error, "error end" },
            { LogLevel.Warn, "warn retry, error end" },
            { LogLevel.Info, "info end, warn retry, info end, error end" },
            { LogLevel.Debug, "debug sent, debug reply, info end, debug sent, debug reply, warn retry, debug sent, "
                + "debug reply, info end, debug sent, debug reply, error end" },
        };
        foreach (var level in wanted.Keys)
        {
            var events = new List<string>();
            using (var client = new Client(Key, Region.Global, Logging((of, line) => events.Add(EventOf(of, line)), level)))
            {
                client.Get();
                events.Clear();
                client.Get("subuser-00001");
                client.Get("fault-once-status-503-retry-after-0-" + level + Guid.NewGuid().ToString("N"));
                Throws<NotFoundException>(() => client.Get("nobody"));
            }
            Equal(wanted[level], string.Join(", ", events));
        }
        Equal("LogLevel must be a LogLevel, not 5", Throws<OpenTrackingArgumentException>(
            () => new Client(Key, Region.Global, Logging((level, line) => { }, (LogLevel)5))).Message);
    }

    public static void EveryCallOfAClientAndItsKinIsLogged()
    {
        var events = new ConcurrentQueue<string>();
        var options = Logging((level, line) => events.Enqueue(EventOf(level, line)));
        var client = new Client(Key, Region.Global, options);
        using (var derived = client.Derive())
        {
            client.Close();
            client = null;
            GC.Collect(); // which must not take what the library calls
            GC.WaitForPendingFinalizers();
            derived.Get();
            derived.GetAsync().Wait();
            Equal(2, derived.GetMany(Subusers(2)).Count(item => item.Error == null));
        }
        OpenTracking.Get(Key, Region.Global, "subuser-00003", options);
        Equal(5, events.Count(name => name == "info end"));
    }

    public static void TheLogComesOnTheThreadOfTheCall()
    {
        var threads = new ConcurrentQueue<int>();
        using (var client = new Client(Key, Region.Global,
            Logging((level, line) => threads.Enqueue(Thread.CurrentThread.ManagedThreadId))))
        {
            client.Get();
            client.GetAsync().Wait();
        }
        Equal(Thread.CurrentThread.ManagedThreadId, threads.First());
        True(threads.Last() != threads.First(), "the asynchronous call is logged by this thread");
    }

    public static void ALogMayMakeCalls()
    {
        Result inner = null;
        using (var other = Open())
        using (var client = new Client(Key, Region.Global, Logging((level, line) => inner = other.Get("subuser-00004"))))
        {
            Equal(200, client.Get().HttpStatus);
            Equal(200, inner.HttpStatus);
        }
    }

    public static void WhatALogThrowsBreaksNoCall()
    {
        var thrown = 0;
        using (var client = new Client(Key, Region.Global, Logging((level, line) =>
        {
            Interlocked.Increment(ref thrown);
            throw new IOException("the disk is full");
        })))
        {
            Equal(200, client.Get().HttpStatus);
            Equal(200, client.GetAsync().Result.HttpStatus);
            Equal(2, client.GetMany(Subusers(2)).Count(item => item.Error == null));
        }
        True(thrown >= 4, thrown + " lines");
    }

    public static void TheKeyIsInNoLine()
    {
        var lines = new StringBuilder();
        using (var client = new Client(Key, Region.Global, Logging((level, line) => lines.AppendLine(line), LogLevel.Debug)))
        {
            Throws<ForbiddenException>(() => client.Get("fault-echo-key"));
        }
        True(lines.ToString().Contains("[key]"), lines.ToString());
        True(!lines.ToString().Contains(Key), "it shows the key");
    }

    public static void ALinesFieldsAreRead()
    {
        var line = @"event=end level=error call=7 address=[::1]:443 on_behalf_of=""a b"" why=""say \""no\"" to C:\\x=1"" none=""""";
        Equal(
            @"event: end, level: error, call: 7, address: [::1]:443, on_behalf_of: a b, why: say ""no"" to C:\x=1, none: ",
            string.Join(", ", LogEvents.Fields(line).Select(field => field.Key + ": " + field.Value)));
    }

#if NETSTANDARD2_1 // Mono's events do nothing
    private sealed class Listener : EventListener
    {
        private readonly Action<EventWrittenEventArgs> take;

        internal Listener(EventLevel level, Action<EventWrittenEventArgs> take)
        {
            this.take = take;
            EnableEvents(LogEvents.Source, level);
        }

        protected override void OnEventWritten(EventWrittenEventArgs written)
        {
            take(written);
        }
    }

    private static string Shown(EventWrittenEventArgs written)
    {
        var fields = ((IEnumerable<object>)written.Payload[1]).Cast<IDictionary<string, object>>()
            .ToDictionary(field => (string)field["Key"], field => (string)field["Value"]);
        var line = (string)written.Payload[0];
        True(line.StartsWith("event=" + fields["event"] + " level=", StringComparison.Ordinal), line);
        return written.Level + " " + written.EventName + " " + fields["event"];
    }

    public static void ThoseWhoListenGetEvents()
    {
        var wanted = new Dictionary<EventLevel, string>
        {
            { EventLevel.Critical, "" },
            { EventLevel.Error, "Error Error end" },
            { EventLevel.Warning, "Warning Warn retry, Error Error end" },
            { EventLevel.Informational, "Warning Warn retry, Informational Info end, Error Error end" },
            { EventLevel.Verbose, "Verbose Debug sent, Verbose Debug reply, Warning Warn retry, Verbose Debug sent, "
                + "Verbose Debug reply, Informational Info end, Verbose Debug sent, Verbose Debug reply, Error Error end" },
        };
        foreach (var level in wanted.Keys)
        {
            var events = new List<string>();
            using (new Listener(level, written => events.Add(Shown(written))))
            using (var client = new Client(Key, Region.Global, Logging(null)))
            {
                client.Get();
                events.Clear();
                client.Get("fault-once-status-503-retry-after-0-" + Guid.NewGuid().ToString("N"));
                Throws<NotFoundException>(() => client.Get("nobody"));
            }
            Equal(wanted[level], string.Join(", ", events));
        }
    }

    public static void AListenerAndALogHaveEachItsLevel()
    {
        var events = new List<string>();
        var lines = new List<string>();
        using (new Listener(EventLevel.Error, written => events.Add(Shown(written))))
        using (var client = new Client(Key, Region.Global, Logging((level, line) => lines.Add(EventOf(level, line)))))
        {
            client.Get();
            Throws<NotFoundException>(() => client.Get("nobody"));
        }
        Equal("Error Error end", string.Join(", ", events));
        Equal("info end, error end", string.Join(", ", lines));
    }

    public static void WhatAListenerThrowsBreaksNoCall()
    {
        var thrown = 0;
        using (new Listener(EventLevel.Verbose, written =>
        {
            thrown++;
            throw new IOException("the disk is full");
        }))
        using (var client = Open())
        {
            Equal(200, client.Get().HttpStatus);
        }
        True(thrown > 1, thrown + " events");
    }

    /// <summary>As dotnet-trace has the runtime write them.</summary>
    public static void TheRuntimesTraceHoldsTheEvents()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Place, "trace" + Guid.NewGuid().ToString("N"))).FullName;
        var variables = new Dictionary<string, string>
        {
            { "COMPlus_EnableEventPipe", "1" },
            { "COMPlus_EventPipeConfig", "SgOpenTracking:ffffffffffffffff:5" },
            { "COMPlus_EventPipeOutputPath", folder },
        };
        foreach (var variable in variables)
        {
            Environment.SetEnvironmentVariable(variable.Key, variable.Value);
        }
        try
        {
            var library = Environment.GetEnvironmentVariable("SG_OPEN_TRACKING_LIBRARY");
            Equal("200", RunNet(typeof(Tests).Assembly.Location + " --get", library, out var error));
            Equal("", error);
        }
        finally
        {
            foreach (var variable in variables.Keys)
            {
                Environment.SetEnvironmentVariable(variable, null);
            }
        }
        var trace = File.ReadAllBytes(Directory.GetFiles(folder).Single());
        Directory.Delete(folder, true);
        var text = Encoding.GetEncoding(28591).GetString(trace).Replace("\0", ""); // it is UTF-16
        True(text.Contains("event=end level=info call=1 "), "the trace lacks the line");
        True(!text.Contains(Key), "it shows the key");
    }
#endif
}
