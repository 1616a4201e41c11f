using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace SgOpenTracking
{
    /// <summary>What a native call reports by its callback, as a sequence.</summary>
    /// <remarks>The call runs in a thread of its own, so that nothing which a reader throws can pass through native frames;
    /// a slow reader slows it down.</remarks>
    internal static class Fleet
    {
        /// <summary>How many reports may wait to be read.</summary>
        private const int Ahead = 64;

        /// <param name="client">In a client derived from this one the call is made.</param>
        /// <param name="call">Runs until its end, or until what it is handed answers false.</param>
        internal static IEnumerable<T> Read<T>(Client client, Action<Client, Func<T, bool>> call)
        {
            using (var reports = new BlockingCollection<T>(Ahead))
            using (var stop = new CancellationTokenSource())
            using (var over = new CancellationTokenSource())
            {
                Func<T, bool> report = item =>
                {
                    try
                    {
                        reports.Add(item, over.Token);
                        return true;
                    }
                    catch (OperationCanceledException)
                    {
                        return false;
                    }
                };
                Func<Client, bool> run = derived =>
                {
                    derived.OnCancel(over.Cancel); // or it would wait for ever for a reader that has gone
                    call(derived, report);
                    return true;
                };
                var running = client.Aside(run, stop.Token);
                var ended = running.ContinueWith(_ => reports.CompleteAdding(), TaskContinuationOptions.ExecuteSynchronously);
                try
                {
                    foreach (var item in reports.GetConsumingEnumerable())
                    {
                        yield return item;
                    }
                    running.GetAwaiter().GetResult(); // throws what ended it early
                }
                finally
                {
                    over.Cancel();
                    stop.Cancel();
                    ended.Wait();
                }
            }
        }
    }
}
