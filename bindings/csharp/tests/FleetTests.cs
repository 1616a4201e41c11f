using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
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
            Equal(typeof(OpenTrackingException.NotFound), items["nobody"].Error.GetType());
            Equal(typeof(OpenTrackingException.Argument), items[""].Error.GetType());
            True(items["fault-unicode-message"].Error.Message.Contains("権限がありません"), "the message is another");
            Throws<OpenTrackingException.Argument>(() => client.GetMany(new[] { "a\0b" }));
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
        Throws<OpenTrackingException.Cancelled>(() =>
        {
            foreach (var item in client.GetMany(new[] { "subuser-00001", "fault-silent" }))
            {
                read += item.Result == null ? 0 : 1;
                client.Close();
            }
        });
        Equal(1, read);
        Throws<OpenTrackingException.Closed>(() => client.ListSubusers().Count());
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
            Throws<OpenTrackingException.Unauthorized>(() => client.GetMany(Subusers(25)).Count());
            Equal(401, Throws<OpenTrackingException.Unauthorized>(() => client.ListSubusers().Count()).HttpStatus);
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
}
