#if NETSTANDARD2_1
using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace SgOpenTracking
{
    /// <summary>The calls for many, to be read by <c>await foreach</c>: no thread waits while nothing has come.</summary>
    internal sealed class AsyncSequence<T> : IAsyncEnumerable<T>
    {
        private readonly Client client;
        private readonly IEnumerable<Action<Client, Func<T, bool>>> calls;

        /// <param name="client">In clients derived from this one the calls are made, one after the other.</param>
        /// <param name="calls">As <see cref="Fleet{T}"/> takes them.</param>
        internal AsyncSequence(Client client, IEnumerable<Action<Client, Func<T, bool>>> calls)
        {
            this.client = client;
            this.calls = calls;
        }

        public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default(CancellationToken))
        {
            return new Reader(client, calls.GetEnumerator(), cancellationToken);
        }

        private sealed class Reader : IAsyncEnumerator<T>
        {
            private readonly Client client;
            private readonly IEnumerator<Action<Client, Func<T, bool>>> calls;
            private readonly CancellationToken token;
            private Fleet<T> fleet;

            internal Reader(Client client, IEnumerator<Action<Client, Func<T, bool>>> calls, CancellationToken token)
            {
                this.client = client;
                this.calls = calls;
                this.token = token;
            }

            public T Current { get; private set; }

            public async ValueTask<bool> MoveNextAsync()
            {
                token.ThrowIfCancellationRequested();
                while (true)
                {
                    if (fleet == null)
                    {
                        if (!calls.MoveNext())
                        {
                            return false;
                        }
                        fleet = new Fleet<T>(client, calls.Current);
                    }
                    await fleet.Filled(token).ConfigureAwait(false);
                    if (fleet.Take())
                    {
                        Current = fleet.Current;
                        return true;
                    }
                    await End().ConfigureAwait(false);
                }
            }

            public ValueTask DisposeAsync()
            {
                calls.Dispose();
                return new ValueTask(End());
            }

            private async Task End()
            {
                var over = fleet;
                fleet = null;
                if (over != null)
                {
                    await over.End().ConfigureAwait(false);
                }
            }
        }
    }
}
#endif
