using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SgOpenTracking;

/// <summary>The calls for many.</summary>
public static partial class Tests
{
    private static string[] Subusers(int count)
    {
        return Enumerable.Range(1, count).Select(number => "subuser-" + number.ToString("D5")).ToArray();
    }

    public static void ManyRoundTrip()
    {
        using (var client = Open())
        {
            foreach (var enabled in new[] { false, true })
            {
                var items = client.UpdateMany(enabled, Subusers(25)).ToList();
                Equal(string.Join(" ", Subusers(25)), string.Join(" ", items.Select(item => item.Name).OrderBy(name => name)));
                True(items.All(item => item.Result.Enabled == enabled), "another value");
                Equal(25, client.GetMany(Subusers(25)).Count(item => item.Result.Enabled == enabled));
            }
            Equal(0, client.GetMany(new string[0]).Count());
            Equal(0, client.InFlight);
        }
    }

    public static void OneItemsFailureStopsNoOther()
    {
        using (var client = Open())
        {
            var names = new[] { "subuser-00001", "nobody", "", "fault-unicode-message", "subuser-00002" };
            var items = client.GetMany(names).ToDictionary(item => item.Name);
            Equal(null, items["subuser-00001"].Error);
            Equal(200, items["subuser-00002"].Result.HttpStatus);
            Equal(typeof(NotFoundException), items["nobody"].Error.GetType());
            Equal(Code.Argument, items[""].Error.Code);
            True(items["fault-unicode-message"].Error.Message.Contains("権限がありません"), "the message is another");
            Throws<OpenTrackingArgumentException>(() => client.GetMany(new[] { "a\0b" }));
            Throws<ArgumentNullException>(() => client.GetMany(new[] { "a", null }));
        }
    }

    public static void LeavingTheLoopCutsOffTheRest()
    {
        using (var client = Open())
        {
            var clock = Stopwatch.StartNew();
            var names = Subusers(25).SelectMany(name => new[] { name, "fault-silent" });
            True(client.GetMany(names).First().Result != null, "the first failed");
            True(clock.Elapsed < TimeSpan.FromSeconds(5), "it waited for the rest");
            Equal(0, client.InFlight);
            Equal(200, client.Get().HttpStatus);
        }
    }

    public static void TheClientsCloseEndsTheSequence()
    {
        var client = Open();
        var read = 0;
        Throws<CallCancelledException>(() =>
        {
            foreach (var item in client.GetMany(new[] { "subuser-00001", "fault-silent" }))
            {
                read += item.Result == null ? 0 : 1;
                client.Close();
            }
        });
        Equal(1, read);
        Throws<ClientClosedException>(() => client.ListSubusers().Count());
    }

    public static void TheClientsCloseReachesASequenceThatNobodyReads()
    {
        var client = Open();
        var items = client.GetMany(Enumerable.Repeat("subuser-00001", 1000)).GetEnumerator();
        True(items.MoveNext() && items.Current.Result != null, "the first failed");
        client.Close();
        True(SpinWait.SpinUntil(() => client.InFlight == 0, TimeSpan.FromSeconds(5)), "the native call goes on");
    }

    public static void AWrongKeyEndsTheSequence()
    {
        using (var client = new Client("SG.wrong", Region.Global, Sandbox()))
        {
            Throws<UnauthorizedException>(() => client.GetMany(Subusers(25)).Count());
            Equal(401, Throws<UnauthorizedException>(() => client.ListSubusers().Count()).HttpStatus);
        }
    }

    public static void TheSubusersAreListed()
    {
        using (var client = Open())
        {
            Equal(string.Join(" ", Subusers(25)), string.Join(" ", client.ListSubusers().OrderBy(name => name)));
            Equal("subuser-00001", client.ListSubusers().First());
        }
    }

    private static IEnumerable<string> Lazy(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            yield return name;
        }
    }

    private static IEnumerable<bool> Forever()
    {
        while (true)
        {
            yield return true;
        }
    }

    /// <summary>Each name is done once, an occurrence being an item, whatever kind of sequence gives it.</summary>
    public static void Sequences()
    {
        var names = new[] { "subuser-00001", "subuser-00002", "subuser-00001", "subuser-00003" };
        var map = new SortedDictionary<string, string> { { "subuser-00001", "subuser-00004" }, { "subuser-00002", "subuser-00004" } };
        var sequences = new[]
        {
            names, new List<string>(names), Lazy(names), new HashSet<string>(names), map.Keys, map.Values, new string[0],
            Enumerable.Repeat("subuser-00001", Names.Lot + 1),
        };
        using (var client = Open())
        {
            foreach (var sequence in sequences)
            {
                var done = client.GetMany(sequence).OrderBy(item => item.Index).ToList();
                True(done.All(item => item.Result != null), "an item failed");
                Equal(string.Join(" ", Enumerable.Range(0, done.Count)), string.Join(" ", done.Select(item => item.Index)));
                Equal(string.Join(" ", sequence), string.Join(" ", done.Select(item => item.Name)));
            }
        }
    }

    public static void AnEndlessSequenceIsReadInLots()
    {
        var taken = 0;
        var endless = Forever().Select(_ => "subuser-0000" + (1 + taken++ % 9));
        using (var client = Open())
        {
            Equal(3, client.GetMany(endless).Take(3).Count(item => item.Result != null));
            Equal(Names.Lot, taken);
            Equal(0, client.InFlight);
        }
    }

    public static void WhatASequenceThrowsComesAfterTheItemsBefore()
    {
        var done = new List<string>();
        var names = Enumerable.Range(1, 9).Select(number =>
            number == 4 ? throw new InvalidOperationException("no fourth") : "subuser-0000" + number);
        using (var client = Open())
        {
            var error = Throws<InvalidOperationException>(() =>
            {
                foreach (var item in client.GetMany(names))
                {
                    done.Add(item.Name);
                }
            });
            Equal("no fourth", error.Message);
            Equal(string.Join(" ", Subusers(3)), string.Join(" ", done.OrderBy(name => name)));
            done.Clear();
            Throws<OpenTrackingArgumentException>(() =>
            {
                foreach (var item in client.GetMany(Lazy(new[] { "subuser-00001", "a\0b" })))
                {
                    done.Add(item.Name);
                }
            });
            Equal("subuser-00001", string.Join(" ", done));
        }
    }

#if NETSTANDARD2_1
    private static async Task<int> CountAsync<T>(IAsyncEnumerable<T> sequence, int limit, CancellationToken token)
    {
        var count = 0;
        var reader = sequence.GetAsyncEnumerator(token); // await foreach, for a compiler that does not know it
        try
        {
            while (count < limit && await reader.MoveNextAsync())
            {
                True(reader.Current != null, "it gave nothing");
                count++;
            }
        }
        finally
        {
            await reader.DisposeAsync();
        }
        return count;
    }

    public static void AsyncSequences()
    {
        var none = CancellationToken.None;
        using (var client = Open())
        using (var source = new CancellationTokenSource())
        {
            Equal(25, CountAsync(client.ListSubusersAsync(), int.MaxValue, none).Result);
            Equal(25, CountAsync(client.UpdateManyAsync(false, client.ListSubusers()), int.MaxValue, none).Result);
            Equal(Names.Lot + 1, CountAsync(client.GetManyAsync(Enumerable.Repeat("subuser-00001", Names.Lot + 1)), int.MaxValue, none).Result);
            Equal(3, CountAsync(client.GetManyAsync(Enumerable.Repeat("subuser-00001", 500)), 3, none).Result);
            var silent = CountAsync(client.GetManyAsync(new[] { "fault-silent" }), 1, source.Token);
            client.Get("fault-delay-100");
            source.Cancel();
            Equal(typeof(TaskCanceledException), EndOf(silent).GetType());
            Equal(0, client.InFlight);
            var cut = CountAsync(client.GetManyAsync(new[] { "fault-silent" }), 1, none);
            client.Get("fault-delay-100");
            client.Cancel();
            Equal(typeof(CallCancelledException), EndOf(cut).GetType());
        }
    }
#endif
}
