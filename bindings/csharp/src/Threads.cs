using System;
using System.Collections.Concurrent;
using System.Threading;

namespace SgOpenTracking
{
    /// <summary>The threads of asynchronous calls: a bounded number, apart from the runtime's pool, which calls would hold
    /// up. An idle one ends after 5 seconds; none holds a program up.</summary>
    internal sealed class Threads
    {
        internal const int DefaultLimit = 64;

        /// <summary>Of all clients that ask for no others.</summary>
        internal static readonly Threads Shared = new Threads(DefaultLimit);

        private static readonly TimeSpan Kept = TimeSpan.FromSeconds(5);

        private readonly int limit;
        // A Queue is in one assembly under Mono and in another under .NET.
        private readonly ConcurrentQueue<Action> waiting = new ConcurrentQueue<Action>(); // as a lock it guards what follows
        private int alive;
        private int idle;

        internal Threads(int limit)
        {
            this.limit = limit;
        }

        /// <summary>Runs what does not throw in a thread. False if it has to wait for one.</summary>
        internal bool Run(Action work)
        {
            lock (waiting)
            {
                waiting.Enqueue(work);
                if (waiting.Count <= idle)
                {
                    Monitor.Pulse(waiting);
                    return true;
                }
                if (alive == limit)
                {
                    return false;
                }
                alive++;
                Start(Work, "sg-open-tracking");
                return true;
            }
        }

        internal static Thread Start(ThreadStart work, string name)
        {
            var thread = new Thread(work) { IsBackground = true, Name = name };
            thread.Start();
            return thread;
        }

        private void Work()
        {
            while (Next() is Action work)
            {
                work();
            }
        }

        private Action Next()
        {
            lock (waiting)
            {
                while (waiting.Count == 0)
                {
                    idle++;
                    var pulsed = Monitor.Wait(waiting, Kept);
                    idle--;
                    if (!pulsed && waiting.Count == 0)
                    {
                        alive--;
                        return null;
                    }
                }
                waiting.TryDequeue(out var work);
                return work;
            }
        }
    }
}
