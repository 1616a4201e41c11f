using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using SgOpenTracking;

/// <summary>Runs tests/conformance/cases.json, and the scenarios that its README names, on this package.</summary>
internal static class Conformance
{
    /// <summary>What a call that was cut off may take; on its own it would take 30 seconds.</summary>
    private static readonly TimeSpan Bounded = TimeSpan.FromSeconds(5);

    private static int Main()
    {
        var outcomes = new List<KeyValuePair<string, string>>(); // what was wrong, or null, by name
        foreach (Dictionary<string, object> tried in (List<object>)Json.Read(File.ReadAllText(Variable("CONFORMANCE_CASES"))))
        {
            outcomes.Add(new KeyValuePair<string, string>((string)tried["name"],
                tried.ContainsKey("scenario") ? WrongIn(() => Scenario(tried)) : RunCase(tried)));
        }
        var scenarios = new Action[] { Cancel, Close, Derive, Threads, Asynchronous, Fleet, Memory, Constants, Secret };
        foreach (var scenario in scenarios)
        {
            outcomes.Add(new KeyValuePair<string, string>(scenario.Method.Name.ToLowerInvariant(), WrongIn(scenario)));
        }
        var failed = outcomes.Where(outcome => outcome.Value != null).ToList();
        failed.ForEach(outcome => Console.WriteLine("FAILED " + outcome.Key + ": " + outcome.Value));
        Console.WriteLine("csharp {0}: {1} passed, {2} failed", RuntimeVersion(), outcomes.Count - failed.Count, failed.Count);
        return failed.Count == 0 ? 0 : 1;
    }

    /// <summary>Null, or what was wrong.</summary>
    private static string WrongIn(Action scenario)
    {
        try
        {
            scenario();
            return null;
        }
        catch (Exception failure)
        {
            return failure.ToString();
        }
    }

    private static void Scenario(Dictionary<string, object> tried)
    {
        switch ((string)tried["scenario"])
        {
            case "sequence": Sequence((string)tried["sequence"]); break;
            case "log": Log((string)tried["on_behalf_of"], ((List<object>)tried["expect_log"]).Cast<string>()); break;
            default: throw new InvalidOperationException("the scenario " + tried["scenario"] + " is not known here");
        }
    }

    private static string RuntimeVersion()
    {
        var name = Type.GetType("Mono.Runtime")?.GetMethod(
            "GetDisplayName", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static);
        return name == null ? "coreclr-" + Environment.Version : "mono-" + ((string)name.Invoke(null, null)).Split(' ')[0];
    }

    private static string Variable(string name)
    {
        return Environment.GetEnvironmentVariable(name);
    }

    private static string Resolved(string value)
    {
        return value.StartsWith("$", StringComparison.Ordinal) ? Variable(value.Substring(1)) : value;
    }

    private static string Normal(string text)
    {
        return text.ToLowerInvariant().Replace("_", "");
    }

    private static Client Open(double timeoutMs = 10000)
    {
        var options = new Dictionary<string, object> { { "timeout_ms", timeoutMs } };
        return Open(Region.Global, Variable("SANDBOX_KEY"), options);
    }

    private static Client Open(Region region, string key, Dictionary<string, object> given)
    {
        return new Client(key, region, Options(region, given));
    }

    private static ClientOptions Options(Region region, Dictionary<string, object> given)
    {
        var options = new ClientOptions
        {
            BaseUrl = Variable(region == Region.Eu ? "SANDBOX_EU_URL" : "SANDBOX_URL"),
            CaFile = Variable("SANDBOX_CA_FILE"),
            Proxy = "",
            Timeout = TimeSpan.FromSeconds(10),
            MaxRetries = 0,
        };
        foreach (var option in given)
        {
            switch (option.Key)
            {
                case "timeout_ms": options.Timeout = TimeSpan.FromMilliseconds((double)option.Value); break;
                case "connect_timeout_ms": options.ConnectTimeout = TimeSpan.FromMilliseconds((double)option.Value); break;
                case "max_retries": options.MaxRetries = (long)(double)option.Value; break;
                case "max_connections": options.MaxConnections = (long)(double)option.Value; break;
                case "requests_per_minute": options.RequestsPerMinute = (long)(double)option.Value; break;
                case "base_url": options.BaseUrl = (string)option.Value; break;
                case "proxy": options.Proxy = (string)option.Value; break;
                case "ca_file": options.CaFile = Resolved((string)option.Value); break;
                case "user_agent": options.UserAgent = (string)option.Value; break;
                default: throw new InvalidOperationException("the option " + option.Key + " is not known here");
            }
        }
        return options;
    }

    /// <summary>Null, or what was not as expected.</summary>
    private static string RunCase(Dictionary<string, object> tried)
    {
        var region = Region.Global;
        if (tried.ContainsKey("region"))
        {
            region = tried["region"] is double number ? (Region)number
                : (string)tried["region"] == "eu" ? Region.Eu : Region.Global;
        }
        var key = tried.ContainsKey("key") ? Resolved((string)tried["key"]) : Variable(region == Region.Eu ? "SANDBOX_EU_KEY" : "SANDBOX_KEY");
        var name = tried.ContainsKey("on_behalf_of") ? (string)tried["on_behalf_of"] : null;
        var call = (string)tried["call"];
        var enabled = tried.ContainsKey("enabled") && (bool)tried["enabled"];
        var options = tried.ContainsKey("options") ? (Dictionary<string, object>)tried["options"] : new Dictionary<string, object>();
        var seen = new Dictionary<string, string> { { "code", "ok" } };
        var message = "";
        try
        {
            if (call == "one_shot_update")
            {
                seen["enabled"] = OpenTracking.Update(key, enabled, region, name).ToString();
            }
            else if (call == "one_shot_get")
            {
                seen["enabled"] = OpenTracking.Get(key, region, name).ToString();
            }
            else
            {
                using (var client = Open(region, key, options))
                {
                    if (call == "client_new")
                    {
                        return "a client was made";
                    }
                    var result = call == "update" ? client.Update(enabled, name) : client.Get(name);
                    seen["enabled"] = result.Enabled.ToString();
                    seen["http_status"] = result.HttpStatus.ToString();
                    seen["attempts"] = result.Attempts.ToString();
                }
            }
        }
        catch (Exception exception) when (exception is IOpenTrackingError && !(exception is OpenTrackingException))
        {
            message = exception.Message;
            seen["code"] = Normal(((IOpenTrackingError)exception).Code.ToString());
            seen["http_status"] = seen["attempts"] = "0"; // nothing was sent
            seen["retry_after_ms"] = "-1";
        }
        catch (OpenTrackingException exception)
        {
            message = exception.Message;
            seen["code"] = Normal(exception.Code.ToString());
            seen["http_status"] = exception.HttpStatus.ToString();
            seen["attempts"] = exception.Attempts.ToString();
            seen["enabled"] = exception.Enabled.ToString();
            seen["retry_after_ms"] = exception.RetryAfter == null ? "-1" : exception.RetryAfter.Value.TotalMilliseconds.ToString();
        }
        if (key.Length > 1 && message.Contains(key))
        {
            return "the message holds the key";
        }
        var wrong = new List<string>();
        foreach (var expected in (Dictionary<string, object>)tried["expect"])
        {
            if (expected.Key == "message_part")
            {
                if (!Normal(message).Contains(Normal((string)expected.Value)))
                {
                    wrong.Add("message: '" + message + "' without '" + (string)expected.Value + "'");
                }
                continue;
            }
            var wanted = Normal(expected.Value.ToString());
            seen.TryGetValue(expected.Key, out var was);
            if (!string.Equals(wanted, was, StringComparison.OrdinalIgnoreCase))
            {
                wrong.Add(expected.Key + ": " + was + ", not " + wanted);
            }
        }
        if (seen["code"] != "ok" && message == "")
        {
            wrong.Add("no message");
        }
        return wrong.Count == 0 ? null : string.Join("; ", wrong);
    }

    private static void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    /// <summary>Checks how a call ends; returns how long it took.</summary>
    private static TimeSpan EndsIn(Code code, Action call)
    {
        var clock = Stopwatch.StartNew();
        var seen = Code.Ok;
        try
        {
            call();
        }
        catch (Exception exception) when (exception is IOpenTrackingError)
        {
            seen = ((IOpenTrackingError)exception).Code;
        }
        Check(seen == code, "the call ended in " + seen + ", not in " + code);
        return clock.Elapsed;
    }

    /// <summary>A call that no reply would end is ended by <paramref name="stop"/>, from another thread.</summary>
    private static void InFlight(Action silent, Action stop)
    {
        using (var other = Open())
        {
            var thread = new Thread(() =>
            {
                other.Get("fault-delay-100");
                stop();
            });
            thread.Start();
            var took = EndsIn(Code.Cancelled, silent);
            thread.Join();
            Check(took < Bounded, "it took " + took);
        }
    }

    private static void Cancel()
    {
        using (var origin = Open(30000))
        using (var derived = origin.Derive())
        {
            InFlight(() => derived.Get("fault-silent"), derived.Cancel);
            EndsIn(Code.Cancelled, () => derived.Get());
            origin.Get();
        }
    }

    private static void Close()
    {
        var client = Open(30000);
        InFlight(() => client.Get("fault-silent"), client.Close);
        client.Close();
        client.Cancel();
        EndsIn(Code.Argument, () => client.Get());
        EndsIn(Code.Argument, () => client.Update(false));
        EndsIn(Code.Argument, () => client.Derive());
    }

    private static void Derive()
    {
        var origin = Open(30000);
        using (var kept = origin.Derive())
        using (var hasty = origin.Derive(TimeSpan.FromMilliseconds(150)))
        {
            var took = EndsIn(Code.Timeout, () => hasty.Get("fault-silent"));
            Check(took < Bounded, "it took " + took);
            origin.Close();
            kept.Get();
        }
    }

    private static void Threads()
    {
        using (var client = Open())
        {
            var workers = Enumerable.Range(0, 8).Select(number => Task.Factory.StartNew(() =>
            {
                var name = "subuser-0001" + number;
                for (var turn = 0; turn < 25; turn++)
                {
                    Check(client.Update(turn % 2 == 0, name).Enabled == (turn % 2 == 0), "the update");
                    Check(client.Get(name).Enabled == (turn % 2 == 0), "the reading");
                }
            }, TaskCreationOptions.LongRunning));
            Task.WaitAll(workers.ToArray());
        }
    }

    private static void Asynchronous()
    {
        using (var client = Open())
        using (var source = new CancellationTokenSource())
        {
            var calls = Enumerable.Range(0, 4).Select(_ => client.GetAsync("fault-delay-200")).ToArray();
            Check(calls.All(call => !call.IsCompleted), "the calls did not return at once");
            Task.WaitAll(calls);
            var silent = client.GetAsync("fault-silent", source.Token);
            client.GetAsync("fault-delay-100").Wait();
            source.Cancel();
            try
            {
                Check(silent.Wait(Bounded), "the token did not end the call");
            }
            catch (AggregateException)
            {
                // looked at below
            }
            Check(silent.IsCanceled, "the task ended as " + silent.Status);
        }
    }

    private static void Fleet()
    {
        var subusers = Enumerable.Range(1, 25).Select(number => "subuser-" + number.ToString("D5")).ToList();
        using (var client = Open())
        using (var wrong = Open(Region.Global, "SG.wrong", new Dictionary<string, object>()))
        {
            Check(client.ListSubusers().OrderBy(name => name).SequenceEqual(subusers), "the list holds others");
            var names = subusers.Concat(new[] { "nobody" }).ToList();
            var updated = client.UpdateMany(false, names).OrderBy(item => item.Index).ToList();
            Check(updated.Select(item => item.Name).SequenceEqual(names), "the update reports others");
            Check(updated.Take(25).All(item => item.Result != null && !item.Result.Enabled), "one is on");
            Check(updated[25].Error.Code == Code.NotFound, "nobody was found");
            Check(client.GetMany(subusers).Count(item => !item.Result.Enabled) == 25, "one reads on");

            Check(client.GetMany(Enumerable.Repeat(subusers[0], 1000)).First().Error == null, "the first failed");
            Check(client.ListSubusers().First().StartsWith("subuser-", StringComparison.Ordinal), "the first is another");
            EndsIn(Code.Unauthorized, () => wrong.UpdateMany(false, subusers.Take(10)).Count());
            InFlight(() => client.GetMany(new[] { "fault-silent" }).Count(), client.Cancel);
        }
    }

    private static IEnumerable<string> Generate(IEnumerable<string> names, bool endless, bool throws)
    {
        do
        {
            foreach (var name in names)
            {
                yield return name;
            }
        }
        while (endless);
        Check(!throws, "no more");
    }

    /// <summary>The calls for many, given a sequence of this kind: each name that it gives is done once.</summary>
    private static void Sequence(string kind)
    {
        var names = new[] { "subuser-00001", "subuser-00002", "subuser-00001" };
        var given = kind == "repeated" ? names : kind == "set" ? new HashSet<string>(names)
            : Generate(names, kind == "endless", kind == "throws");
        var done = new List<string>();
        var thrown = "";
        using (var client = Open())
        {
            try
            {
                foreach (var item in client.GetMany(given))
                {
                    Check(item.Error == null, "an item failed");
                    done.Add(item.Name);
                    if (kind == "endless" && done.Count == 3)
                    {
                        return;
                    }
                }
            }
            catch (InvalidOperationException exception)
            {
                thrown = exception.Message;
            }
        }
        Check(thrown == (kind == "throws" ? "no more" : ""), "'" + thrown + "' was thrown");
        var wanted = (kind == "set" ? names.Distinct() : names).OrderBy(name => name);
        Check(done.OrderBy(name => name).SequenceEqual(wanted), string.Join(" ", done));
    }

    /// <summary>What is told of a call: of each line the level, the event and the names of its other keys.</summary>
    private static void Log(string onBehalfOf, IEnumerable<string> wanted)
    {
        var lines = new List<string>();
        var options = Options(Region.Global, new Dictionary<string, object> { { "max_retries", 2.0 } });
        options.LogLevel = LogLevel.Debug;
        options.Log = (level, line) =>
        {
            var fields = Regex.Matches(line, @"(\w+)=(""(?:[^""\\]|\\.)*""|\S*)").Cast<Match>().ToList();
            var others = fields.Skip(1).Select(field => field.Groups[1].Value);
            lines.Add(level.ToString().ToLowerInvariant() + " " + fields[0].Groups[2] + ": " + string.Join(" ", others));
        };
        using (var client = new Client(Variable("SANDBOX_KEY"), Region.Global, options))
        {
            client.Get("subuser-00001");
            lines.Clear();
            client.Get(onBehalfOf);
        }
        Check(lines.SequenceEqual(wanted), string.Join("\n", lines));
    }

    private static long ResidentKib()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var line = Regex.Match(File.ReadAllText("/proc/self/status"), @"VmRSS:\s*(\d+)");
        return long.Parse(line.Groups[1].Value);
    }

    private static void Calls(Client client, int count)
    {
        for (var number = 0; number < count; number++)
        {
            if (number % 10 == 0)
            {
                EndsIn(Code.Argument, () => client.Get("\n"));
            }
            else if (number % 10 == 1)
            {
                EndsIn(Code.NotFound, () => client.Get("nobody"));
            }
            else if (number % 2 == 1)
            {
                client.Update(number % 3 == 0);
            }
            else
            {
                using (var derived = client.Derive())
                {
                    derived.Get();
                }
            }
        }
    }

    private static void Memory()
    {
        using (var client = Open())
        {
            Calls(client, 2000);
            ResidentKib(); // the first collection hands back pages that are soon wanted again
            Calls(client, 2000);
            var before = ResidentKib();
            Calls(client, 10000);
            var grown = ResidentKib() - before;
            Console.WriteLine("  memory: {0:+0;-0;+0} KiB over 10,000 calls", grown);
            Check(grown < 2048, grown + " KiB more");
        }
    }

    private static string Named(IEnumerable<Tuple<string, int>> constants)
    {
        return string.Join(" ", constants.Select(pair => Normal(pair.Item1) + "=" + pair.Item2).OrderBy(text => text));
    }

    private static string OfTheHeader(string pattern)
    {
        var found = Regex.Matches(File.ReadAllText(Variable("CONFORMANCE_HEADER")), pattern).Cast<Match>();
        return Named(found.Select(match => Tuple.Create(match.Groups[1].Value, int.Parse(match.Groups[2].Value))));
    }

    private static string OfTheBinding<T>()
    {
        return Named(Enum.GetValues(typeof(T)).Cast<T>().Select(value => Tuple.Create(value.ToString(), Convert.ToInt32(value))));
    }

    private static void Constants()
    {
        Check(OfTheHeader(@"\bSG_(?:ERR_)?(?!REGION_|LOG_)(\w+) = (\d+)") == OfTheBinding<Code>(), OfTheBinding<Code>());
        Check(OfTheHeader(@"\bSG_LOG_(\w+) = (\d+)") == OfTheBinding<LogLevel>(), OfTheBinding<LogLevel>());
        Check(OfTheHeader(@"\bSG_REGION_(\w+) = (\d+)") == OfTheBinding<Region>(), OfTheBinding<Region>());
    }

    private static void Secret()
    {
        using (var client = Open())
        {
            Check(!client.ToString().Contains(Variable("SANDBOX_KEY")), "ToString shows the key");
        }
    }
}
