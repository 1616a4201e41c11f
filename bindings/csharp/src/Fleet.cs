using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace SgOpenTracking
{
    /// <summary>What a native call reports by its callback, to be read one by one.</summary>
    /// <remarks>The call runs in a thread of its own, so that nothing which a reader throws can pass through native frames;
    /// a slow reader slows it down.</remarks>
    internal sealed class Fleet<T> : IDisposable
    {
        /// <summary>How many reports may wait to be read.</summary>
        private const int Ahead = 64;

        private readonly Client client;
        private readonly Client derived;
        private readonly Action cut;
        private readonly ConcurrentQueue<T> reports = new ConcurrentQueue<T>();
        private readonly SemaphoreSlim filled = new SemaphoreSlim(0);
        private readonly SemaphoreSlim free = new SemaphoreSlim(Ahead);
        private readonly TaskCompletionSource<bool> ended =
            new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        private ExceptionDispatchInfo error;
        private volatile bool stopped;

        /// <param name="client">In a client derived from this one the call is made.</param>
        /// <param name="call">Runs until its end, or until what it is handed answers false.</param>
        internal Fleet(Client client, Action<Client, Func<T, bool>> call)
        {
            this.client = client;
            derived = client.Derive();
            cut = Stop;
            client.Begin(cut); // or it would wait for ever for a reader that has gone
            Threads.Start(() => Run(call), "sg-open-tracking sequence");
        }

        /// <summary>What the calls report, which are made one after the other.</summary>
        internal static IEnumerable<T> Read(Client client, IEnumerable<Action<Client, Func<T, bool>>> calls)
        {
            foreach (var call in calls)
            {
                using (var fleet = new Fleet<T>(client, call))
                {
                    while (fleet.Next())
                    {
                        yield return fleet.Current;
                    }
                }
            }
        }

        internal T Current { get; private set; }

        /// <summary>Makes the next one current, once it is there; false at the end. Throws what ended the call early.</summary>
        internal bool Next()
        {
            filled.Wait();
            return Take();
        }

        /// <summary>Waits until <see cref="Take"/> has an answer.</summary>
        internal Task Filled(CancellationToken token)
        {
            return filled.WaitAsync(token);
        }

        internal bool Take()
        {
            if (reports.TryDequeue(out var report))
            {
                Current = report;
                free.Release();
                return true;
            }
            error?.Throw();
            return false;
        }

        private void Run(Action<Client, Func<T, bool>> call)
        {
            try
            {
                call(derived, Report);
            }
            catch (Exception early)
            {
                error = ExceptionDispatchInfo.Capture(early);
            }
            finally
            {
                derived.Close();
                client.End(cut);
                filled.Release();
                ended.SetResult(true);
            }
        }

        private bool Report(T item)
        {
            free.Wait();
            if (stopped)
            {
                return false;
            }
            reports.Enqueue(item);
            filled.Release();
            return true;
        }

        private void Stop()
        {
            stopped = true;
            derived.Cancel();
            free.Release();
        }

        /// <summary>Cuts the call off, if it goes on, and waits for its end.</summary>
        internal Task End()
        {
            Stop();
            return ended.Task;
        }

        public void Dispose()
        {
            End().Wait();
        }
    }
}
