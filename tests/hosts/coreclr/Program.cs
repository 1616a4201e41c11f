using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using SgOpenTracking;

/// <summary>A service on CoreCLR: asynchronous calls with faults among them, and a stop in the midst of them.</summary>
internal static class Program
{
    private static readonly string[] Names =
    {
        "subuser-00001", "subuser-00002", "subuser-00003", "fault-once-503", "fault-once-429", "fault-status-503", "fault-close",
        "subuser-00004", "subuser-00005", "nobody",
    };

    private static readonly List<double> Took = new List<double>();
    private static int failures;

    private static void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    private static ClientOptions Options()
    {
        return new ClientOptions
        {
            BaseUrl = Environment.GetEnvironmentVariable("SANDBOX_URL"),
            CaFile = Environment.GetEnvironmentVariable("SANDBOX_CA_FILE"),
            Proxy = "",
            MaxRetries = 0,
            MaxConnections = 64,
        };
    }

    private static Client Open(ClientOptions options)
    {
        return new Client(Environment.GetEnvironmentVariable("SANDBOX_KEY"), Region.Global, options);
    }

    private static long Status(string name)
    {
        return long.Parse(Regex.Match(File.ReadAllText("/proc/self/status"), name + @":\s*(\d+)").Groups[1].Value);
    }

    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return Status("VmRSS");
    }

    private static int Descriptors()
    {
        return Directory.GetFileSystemEntries("/proc/self/fd").Length;
    }

    private static async Task Timed(Func<Task> call)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            await call();
        }
        catch (OpenTrackingException)
        {
            Interlocked.Increment(ref failures);
        }
        lock (Took)
        {
            Took.Add(clock.Elapsed.TotalMilliseconds);
        }
    }

    /// <summary>With a log, of which nothing may get lost or be collected.</summary>
    private static void Load(int count)
    {
        var ends = 0;
        var options = Options();
        options.LogLevel = LogLevel.Debug;
        options.Log = (level, line) => Interlocked.Add(ref ends, line.StartsWith("event=end ", StringComparison.Ordinal) ? 1 : 0);
        using (var client = Open(options))
        {
            Task.WaitAll(Enumerable.Range(0, count)
                .Select(number => Timed(() => client.UpdateAsync(number % 2 == 0, Names[number % Names.Length]))).ToArray());
            Task.WaitAll(Timed(() => Task.Run(() => client.GetMany(Enumerable.Repeat("subuser-00001", 500)).Count())));
        }
        Check(ends == count + 500, "the log tells of " + ends + " calls of " + (count + 500));
    }

    private static void ThreadsAreBounded()
    {
        using (var client = Open(Options()))
        {
            var pool = Stopwatch.StartNew();
            var before = Status("Threads");
            var calls = Enumerable.Range(0, 500).Select(_ => client.UpdateAsync(false, "fault-delay-100")).ToArray();
            var during = Status("Threads") - before;
            Check(during <= 64 + 8, "500 calls took " + during + " threads");
            Task.Run(() => pool.Stop()).Wait();
            Check(pool.Elapsed < TimeSpan.FromSeconds(1), "the runtime's pool was held up for " + pool.Elapsed);
            Task.WaitAll(calls);
            Console.WriteLine("  500 calls at once took " + during + " threads");
        }
        var options = Options();
        options.MaxThreads = 4;
        using (var client = Open(options))
        {
            var before = Status("Threads");
            var calls = Enumerable.Range(0, 100).Select(_ => client.GetAsync("fault-delay-10")).ToArray();
            Check(Status("Threads") - before <= 4 + 4, "4 were asked for, and there are " + (Status("Threads") - before));
            Task.WaitAll(calls);
        }
    }

    private static void StopUnderLoad()
    {
        var client = Open(Options());
        var calls = Enumerable.Range(0, 500).Select(_ => client.GetAsync("fault-silent")).ToArray();
        client.Get("fault-delay-100");
        var clock = Stopwatch.StartNew();
        client.Dispose();
        Check(Task.WaitAny(Task.WhenAll(calls), Task.Delay(5000)) == 0, "some of 500 calls go on after Dispose");
        Check(clock.Elapsed < TimeSpan.FromSeconds(2), "the end took " + clock.Elapsed);
        Check(calls.All(call => call.Exception?.InnerException is CallCancelledException), "one ended otherwise");
    }

    private static int Main()
    {
        ThreadsAreBounded();
        Load(2000);
        Load(2000);
        var before = Resident();
        var descriptors = Descriptors();
        for (var restart = 0; restart < 3; restart++)
        {
            Load(1000);
            StopUnderLoad();
        }
        var after = Resident();
        Check(after - before < 16 * 1024, "the resident set went from " + before + " to " + after + " KB");
        Check(Descriptors() <= descriptors + 4, descriptors + " descriptors became " + Descriptors());
        Took.Sort();
        Console.WriteLine("coreclr {0}: requests={1} failures={2} p99={3:F1}ms memory={4}..{5}KB", Environment.Version, Took.Count,
            failures, Took[Took.Count * 99 / 100], before, after);
        return 0;
    }
}
