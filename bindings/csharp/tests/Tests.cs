using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using SgOpenTracking;

/// <summary>What is .NET's own in the binding; the rest is in the conformance table. Compiled together with src/, and run
/// by tests/conformance/run.sh: each public method is a test.</summary>
public static partial class Tests
{
    private static readonly string Key = Environment.GetEnvironmentVariable("SANDBOX_KEY");
    private static readonly string Header = Environment.GetEnvironmentVariable("CONFORMANCE_HEADER");
    private static readonly string Place = Path.GetDirectoryName(typeof(Tests).Assembly.Location);
    private static readonly string Readme = Path.Combine(Path.GetDirectoryName(Header), "../bindings/csharp/README.md");

    private static int Main(string[] arguments)
    {
        if (arguments.Length == 1 && arguments[0] == "--version")
        {
            Console.WriteLine(OpenTracking.LibraryVersion);
            return 0;
        }
        if (arguments.Length == 1 && arguments[0] == "--get")
        {
            using (var client = Open())
            {
                Console.WriteLine(client.Get().HttpStatus);
                return 0;
            }
        }
        if (arguments.Length == 1 && arguments[0] == "--leave")
        {
            Leave();
            return 0;
        }
        var tests = typeof(Tests).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly);
        var failed = 0;
        foreach (var test in tests)
        {
            try
            {
                test.Invoke(null, null);
            }
            catch (TargetInvocationException failure)
            {
                failed++;
                Console.WriteLine("FAILED " + test.Name + ": " + failure.InnerException);
            }
        }
        Console.WriteLine("csharp tests: {0} passed, {1} failed", tests.Length - failed, failed);
        return failed == 0 ? 0 : 1;
    }

    private static void Equal<T>(T wanted, T seen)
    {
        if (!EqualityComparer<T>.Default.Equals(wanted, seen))
        {
            throw new InvalidOperationException("'" + seen + "', not '" + wanted + "'");
        }
    }

    private static void True(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    private static T Throws<T>(Action call) where T : Exception
    {
        try
        {
            call();
        }
        catch (Exception exception) when (exception.GetType() == typeof(T))
        {
            return (T)exception;
        }
        throw new InvalidOperationException("no " + typeof(T));
    }

    /// <summary>How a task ends that is to end within 5 s; cut off or not, what the tests start would last 10.</summary>
    private static Exception EndOf(Task task)
    {
        True(((IAsyncResult)task).AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(5)), "the task goes on");
        return task.IsFaulted ? task.Exception.InnerException : task.IsCanceled ? new TaskCanceledException() : null;
    }

    private static ClientOptions Sandbox(TimeSpan? timeout = null)
    {
        return new ClientOptions
        {
            BaseUrl = Environment.GetEnvironmentVariable("SANDBOX_URL"),
            CaFile = Environment.GetEnvironmentVariable("SANDBOX_CA_FILE"),
            Proxy = "",
            MaxRetries = 0,
            Timeout = timeout ?? TimeSpan.FromSeconds(10),
        };
    }

    private static Client Open()
    {
        return new Client(Key, Region.Global, Sandbox());
    }

    /// <summary>Runs a program of .NET by the runtime that runs this one.</summary>
    private static string RunNet(string program, string library, out string error)
    {
        var runtime = (Environment.GetEnvironmentVariable("CSHARP_RUNTIME") ?? "mono").Split(new[] { ' ' }, 2);
        return Run(runtime[0], (runtime.Length == 2 ? runtime[1] + " " : "") + program, library, out error);
    }

    private static string Run(string program, string arguments, string library, out string error)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.EnvironmentVariables.Remove("SG_OPEN_TRACKING_LIBRARY");
        if (library != null)
        {
            start.EnvironmentVariables["SG_OPEN_TRACKING_LIBRARY"] = library;
        }
        using (var process = Process.Start(start))
        {
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            error = errors.Result;
            return output.Trim();
        }
    }

    /// <summary>Ends the program amid calls. Mono would wait for them, if the client were not closed.</summary>
    private static void Leave()
    {
        var client = Open();
        var call = new Thread(() =>
        {
            try
            {
                client.Get("fault-silent");
            }
            catch (Exception)
            {
                // cut off by what ends the program
            }
        });
        call.IsBackground = true;
        call.Start();
        client.GetAsync("fault-silent");
        client.GetMany(new[] { "subuser-00001", "fault-silent" }).GetEnumerator().MoveNext();
        if (Type.GetType("Mono.Runtime") != null)
        {
            client.Dispose();
        }
        Console.WriteLine("left");
    }

    public static void CallsHoldNoProgramUp()
    {
        var took = Stopwatch.StartNew();
        var library = Environment.GetEnvironmentVariable("SG_OPEN_TRACKING_LIBRARY");
        Equal("left", RunNet(typeof(Tests).Assembly.Location + " --leave", library, out var error));
        Equal("", error);
        True(took.Elapsed < TimeSpan.FromSeconds(6), took.Elapsed.ToString());
    }

    public static void AResultTellsAll()
    {
        using (var client = Open())
        {
            var result = client.Update(false, "subuser-00005");
            Equal(false, result.Enabled);
            Equal(200, result.HttpStatus);
            Equal(1, result.Attempts);
            Equal(null, result.RetryAfter);
            True(result.Elapsed > TimeSpan.Zero && result.Elapsed < TimeSpan.FromSeconds(10), result.Elapsed.ToString());
        }
    }

    public static void EveryOptionIsTaken()
    {
        var options = Sandbox(TimeSpan.FromSeconds(5));
        options.ConnectTimeout = TimeSpan.FromSeconds(2.5);
        options.MaxRetries = 1;
        options.MaxConnections = 2;
        options.RequestsPerMinute = 6000;
        options.UserAgent = "tests/1";
        using (var client = new Client(Key, options: options))
        {
            Equal(200, client.Get().HttpStatus);
        }
    }

    public static void AnErrorTellsAll()
    {
        using (var client = new Client(Key, Region.Global, Sandbox(TimeSpan.FromMilliseconds(500))))
        {
            var error = Throws<RateLimitedException>(() => client.Get("fault-status-429-retry-after-1"));
            Equal(TimeSpan.FromSeconds(1), error.RetryAfter);
            Equal(429, error.HttpStatus);
            Equal(1, error.Attempts);
            Equal(null, error.Enabled);
            True(error.Elapsed > TimeSpan.Zero, "it took no time");
        }
    }

    public static void OnlyNotAppliedTellsWhatTheServerReported()
    {
        using (var client = Open())
        {
            Equal(true, Throws<NotAppliedException>(() => client.Update(false, "fault-not-applied")).Enabled);
        }
    }

    public static void ABadKeyIsRefusedAndNotShown()
    {
        foreach (var key in new[] { "SG.secret \ud800", "SG.secret \0", "SG.secret with a space" })
        {
            foreach (var attempt in new Action[] { () => new Client(key), () => OpenTracking.Get(key) })
            {
                var error = Throws<OpenTrackingArgumentException>(attempt);
                True(error.Message.StartsWith("key must ", StringComparison.Ordinal), error.Message);
                True(!error.ToString().Contains("secret"), "it shows the key");
            }
        }
        Throws<ArgumentNullException>(() => new Client(null));
    }

    public static void AnOptionThatIsRefusedIsNamedWithItsRange()
    {
        var options = Sandbox();
        options.MaxConnections = 1025;
        Equal("MaxConnections must be 1 to 1024",
            Throws<OpenTrackingArgumentException>(() => new Client(Key, Region.Global, options)).Message);
        Equal("Timeout must be more than 0 and at most 4294967295 ms",
            Throws<OpenTrackingArgumentException>(() => new Client(Key, options: Sandbox(TimeSpan.FromSeconds(-1)))).Message);
    }

    /// <summary>As .NET has it: a refusal is an ArgumentException, a closed client an ObjectDisposedException.</summary>
    public static void TheExceptionsAreOfTheirKind()
    {
        var types = typeof(OpenTrackingException).Assembly.GetTypes()
            .Where(type => type.Namespace == "SgOpenTracking" && typeof(Exception).IsAssignableFrom(type)).ToList();
        True(types.Count >= 20, "there are few");
        foreach (var type in types)
        {
            True(type.Name.EndsWith("Exception", StringComparison.Ordinal) && type.IsPublic, type.FullName);
            True(typeof(IOpenTrackingError).IsAssignableFrom(type), type.FullName + " has no code");
        }
        var client = Open();
        ArgumentException refusal = Throws<OpenTrackingArgumentException>(() => client.Get("\n"));
        Equal(Code.Argument, ((IOpenTrackingError)refusal).Code);
        client.Dispose();
        ObjectDisposedException closed = Throws<ClientClosedException>(() => client.Get());
        Equal(Code.Argument, ((IOpenTrackingError)closed).Code);
        Equal("Client", closed.ObjectName);
    }

    /// <summary>A second owner would free what the first still uses.</summary>
    public static void AClientHasNoSecondOwner()
    {
        True(typeof(Client).IsSealed && !typeof(Client).IsSerializable && !typeof(ICloneable).IsAssignableFrom(typeof(Client)),
            "it may be copied");
    }

    public static void OneCallWithOptions()
    {
        var options = Sandbox(TimeSpan.FromMilliseconds(300));
        foreach (var enabled in new[] { false, true })
        {
            Equal(enabled, OpenTracking.Update(Key, enabled, onBehalfOf: "subuser-00006", options: options));
            Equal(enabled, OpenTracking.Get(Key, onBehalfOf: "subuser-00006", options: options));
        }
        Equal(404, Throws<NotFoundException>(() => OpenTracking.Get(Key, Region.Global, "nobody", options)).HttpStatus);
        Throws<CallTimeoutException>(() => OpenTracking.Get(Key, Region.Global, "fault-silent", options));
        Equal(typeof(CallTimeoutException),
            EndOf(OpenTracking.GetAsync(Key, Region.Global, "fault-silent", options: options)).GetType());
    }

    public static void ToStringShowsTheRegionAndNoKey()
    {
        var client = Open();
        Equal("Client { Region = Global }", client.ToString());
        client.Dispose();
        Equal("Client { Region = Global, closed }", client.ToString());
        Throws<ClientClosedException>(() => client.Get());
    }

    public static void CloseMayRaceWithCalls()
    {
        for (var round = 0; round < 20; round++)
        {
            var client = Open();
            Action use = () =>
            {
                try
                {
                    while (true)
                    {
                        client.Get();
                    }
                }
                catch (Exception over) when (over is ClientClosedException || over is CallCancelledException)
                {
                }
            };
            var users = Enumerable.Range(0, 4)
                .Select(_ => Task.Factory.StartNew(use, TaskCreationOptions.LongRunning))
                .ToArray();
            client.Get("fault-delay-10");
            var other = Task.Factory.StartNew(client.Close, TaskCreationOptions.LongRunning);
            client.Close();
            Task.WaitAll(users.Concat(new[] { other }).ToArray());
        }
    }

    public static void AForgottenClientIsFreed()
    {
        var forgotten = Forget();
        var clock = Stopwatch.StartNew();
        while (forgotten.IsAlive)
        {
            True(clock.Elapsed < TimeSpan.FromSeconds(5), "it was not collected");
            GC.Collect();
            GC.WaitForPendingFinalizers(); // in which the handle frees the native client
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Forget()
    {
        WeakReference forgotten = null;
        var thread = new Thread(() => forgotten = new WeakReference(Open())); // whose stack holds it no longer
        thread.Start();
        thread.Join();
        return forgotten;
    }

    public static void AsynchronousRoundTrip()
    {
        using (var client = Open())
        {
            foreach (var enabled in new[] { false, true })
            {
                Equal(enabled, client.UpdateAsync(enabled, "subuser-00009").Result.Enabled);
                Equal(enabled, client.GetAsync("subuser-00009").Result.Enabled);
                Equal(enabled, OpenTracking.UpdateAsync(Key, enabled, Region.Global, "subuser-00011").Result);
                Equal(enabled, OpenTracking.GetAsync(Key, Region.Global, "subuser-00011").Result);
            }
            Equal(typeof(NotFoundException), EndOf(client.GetAsync("nobody")).GetType());
        }
    }

    public static void TheTokenEndsItsCallAndNoOther()
    {
        using (var client = Open())
        using (var source = new CancellationTokenSource())
        {
            var silent = client.GetAsync("fault-silent", source.Token);
            var other = client.GetAsync("fault-delay-500");
            client.GetAsync("fault-delay-100").Wait();
            source.Cancel();
            Equal(typeof(TaskCanceledException), EndOf(silent).GetType());
            Equal(false, other.IsCompleted);
            Equal(1, client.InFlight);
            Equal(200, other.Result.HttpStatus);
            Equal(typeof(TaskCanceledException), EndOf(client.GetAsync(null, source.Token)).GetType());
            Equal(typeof(TaskCanceledException),
                EndOf(OpenTracking.GetAsync(Key, Region.Global, "fault-silent", source.Token)).GetType());
        }
    }

    public static void TheClientsOwnEndReachesItsAsynchronousCalls()
    {
        foreach (var end in new Action<Client>[] { client => client.Cancel(), client => client.Close() })
        {
            var client = Open();
            var silent = client.GetAsync("fault-silent");
            client.GetAsync("fault-delay-100").Wait();
            end(client);
            Equal(typeof(CallCancelledException), EndOf(silent).GetType());
            True(EndOf(client.GetAsync()) is IOpenTrackingError, "a later call went on");
            client.Close();
        }
    }

    public static void EveryFunctionOfTheHeaderIsBound()
    {
        var source = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Readme), "src/Native.cs"));
        var bound = Regex.Matches(source, "Bind\\(out \\w+, \"(\\w+)\"\\)").Cast<Match>().Select(match => match.Groups[1].Value);
        var wanted = Regex.Matches(File.ReadAllText(Header), @"(?m)^(?:[a-z].*[ *])?(sg_\w+)\(").Cast<Match>()
            .Select(match => match.Groups[1].Value);
        Equal(string.Join(" ", wanted.OrderBy(name => name)), string.Join(" ", bound.OrderBy(name => name)));
    }

    public static void EveryCodeHasItsClass()
    {
        foreach (Code code in Enum.GetValues(typeof(Code)))
        {
            var error = OpenTrackingException.Of((int)code, "text");
            Equal(code, error.Code);
            True(error.GetType() != typeof(OpenTrackingException) || code == Code.Ok || code == Code.Partial || code == Code.Argument,
                code.ToString());
        }
        Equal((Code)99, OpenTrackingException.Of(99, "text").Code);
    }

    public static void Layout()
    {
        Equal(512, Marshal.SizeOf(typeof(Native.SgResult)));
        var names = new[] { "Code", "HttpStatus", "Enabled", "Reserved", "Attempts", "RetryAfterMs", "ElapsedUs", "Message" };
        var offsets = names.Select(name => Marshal.OffsetOf(typeof(Native.SgResult), name).ToInt32());
        Equal("0 4 8 9 12 16 24 32", string.Join(" ", offsets));
    }

    public static void Versions()
    {
        var manifest = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Header), "../Cargo.toml"));
        var version = Regex.Match(manifest, "(?m)^version = \"(.+)\"").Groups[1].Value;
        Equal(version, OpenTracking.LibraryVersion);
        var project = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Readme), "SgOpenTracking.csproj"));
        True(project.Contains("<Version>" + version + "</Version>"), "the project has another version");
    }

    public static void ALibraryOfAnotherVersionIsRefused()
    {
        var needed = new Version(1, 2);
        foreach (var fits in new[] { "1.2.0", "1.2.7", "1.3.0", "1.10.0" })
        {
            Native.CheckVersion("path", fits, needed);
        }
        foreach (var doesNot in new[] { "0.2.0", "1.1.9", "2.0.0", "2.2.0", "10.2.0" })
        {
            var error = Throws<DllNotFoundException>(() => Native.CheckVersion("path", doesNot, needed));
            var needs = "path is libsg_open_tracking " + doesNot + ", and this package needs 1.2 or a later 1.x: ";
            True(error.Message.StartsWith(needs, StringComparison.Ordinal), error.Message);
        }
    }

    public static void AMissingLibrarySaysWhereItWasLookedFor()
    {
        RunNet(typeof(Tests).Assembly.Location + " --version", "/nowhere/library.so", out var error);
        True(error.Contains("DllNotFoundException: libsg_open_tracking was not found"), error);
        True(error.Contains("/nowhere/library.so: cannot open shared object file"), error);
    }

    public static void AnotherLibraryIsRefused()
    {
        RunNet(typeof(Tests).Assembly.Location + " --version", "libc.so.6", out var error);
        True(error.Contains("libc.so.6 is not the libsg_open_tracking that was meant"), error);
    }

    public static void ALibraryBesideTheAssemblyIsFound()
    {
        var directory = Directory.CreateDirectory(Path.Combine(Place, "beside")).FullName;
        var program = Path.Combine(directory, "Tests.exe");
        File.Copy(typeof(Tests).Assembly.Location, program, true);
        File.Copy(
            Environment.GetEnvironmentVariable("SG_OPEN_TRACKING_LIBRARY"),
            Path.Combine(directory, "libsg_open_tracking.so"),
            true);
        Equal(OpenTracking.LibraryVersion, RunNet(program + " --version", null, out var error));
        Equal("", error);
    }

    public static void TheReadmesSnippetsRun()
    {
        var snippets = Regex.Matches(File.ReadAllText(Readme), "(?ms)^```csharp\n(.+?)^```").Cast<Match>().ToList();
        Equal(4, snippets.Count);
        foreach (var snippet in snippets)
        {
            var source = Path.Combine(Place, "Example.cs");
            File.WriteAllText(source, snippet.Groups[1].Value);
            var library = Environment.GetEnvironmentVariable("SG_OPEN_TRACKING_LIBRARY");
            var references = " -r:" + Path.Combine(Place, "SgOpenTracking.dll") + " ";
            Equal("", Run("mcs", "-langversion:7.2" + references + source, null, out var error));
            Equal("open tracking is off", RunNet(Path.Combine(Place, "Example.exe"), library, out error));
            var logged = Regex.IsMatch(error, "^Info event=end level=info .* code=SG_OK .*\n$");
            True(snippet.Value.Contains("Log = ") ? logged : error == "", error);
        }
    }
}
