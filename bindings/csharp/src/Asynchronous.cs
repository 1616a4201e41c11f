using System;
using System.Threading;
using System.Threading.Tasks;

namespace SgOpenTracking
{
    /// <summary>One asynchronous call, in a derived client. It may have to wait for a thread, which counts against its
    /// timeout.</summary>
    internal sealed class Asynchronous
    {
        private readonly TaskCompletionSource<Result> ended =
            new TaskCompletionSource<Result>(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Client client;
        private readonly Func<Client, Result> function;
        private readonly CancellationToken token;
        private readonly long start = System.Diagnostics.Stopwatch.GetTimestamp();
        private volatile bool begun;
        private volatile Client call;

        private Asynchronous(Client client, Func<Client, Result> function, CancellationToken token)
        {
            this.client = client;
            this.function = function;
            this.token = token;
        }

        internal static async Task<Result> Run(
            Client client, Threads threads, Func<Client, Result> function, CancellationToken token)
        {
            token.ThrowIfCancellationRequested();
            client.RefuseIfClosed();
            var self = new Asynchronous(client, function, token);
            Action cut = self.Cut;
            client.Begin(cut);
            try
            {
                using (token.Register(self.Cut))
                using (threads.Run(self.Make) ? null : self.Deadline())
                {
                    return await self.ended.Task.ConfigureAwait(false);
                }
            }
            finally
            {
                client.End(cut);
            }
        }

        private TimeSpan Waited =>
            TimeSpan.FromSeconds((System.Diagnostics.Stopwatch.GetTimestamp() - start) / (double)System.Diagnostics.Stopwatch.Frequency);

        private Timer Deadline()
        {
            var left = client.Timeout - Waited;
            return new Timer(_ => Expire(), null, left < TimeSpan.Zero ? TimeSpan.Zero : left, System.Threading.Timeout.InfiniteTimeSpan);
        }

        private void Expire()
        {
            if (!begun)
            {
                ended.TrySetException(new CallTimeoutException("the deadline of " + client.Timeout.TotalMilliseconds
                    + " ms passed before a thread was free for the call: allow more at once, by the option MaxThreads"));
            }
        }

        /// <summary>By the token, or by the client.</summary>
        private void Cut()
        {
            if (!begun)
            {
                Cancelled(new CallCancelledException("the call was cancelled before a thread was free for it"));
            }
            call?.Cancel();
        }

        private void Cancelled(Exception otherwise)
        {
            if (token.IsCancellationRequested)
            {
                ended.TrySetException(new OperationCanceledException("the call was cancelled", token));
            }
            else
            {
                ended.TrySetException(otherwise);
            }
        }

        private void Make()
        {
            if (ended.Task.IsCompleted)
            {
                return;
            }
            begun = true;
            try
            {
                var waited = Waited;
                using (var own = Derive(waited))
                {
                    call = own;
                    if (ended.Task.IsCompleted || token.IsCancellationRequested || client.IsCancelled)
                    {
                        own.Cancel();
                    }
                    ended.TrySetResult(function(own));
                }
            }
            catch (ClientClosedException)
            {
                Cancelled(new CallCancelledException("the client was closed before a thread was free for the call"));
            }
            catch (CallCancelledException cancelled)
            {
                Cancelled(cancelled);
            }
            catch (Exception exception)
            {
                ended.TrySetException(exception);
            }
        }

        private Client Derive(TimeSpan waited)
        {
            var left = client.Timeout - waited;
            return waited < TimeSpan.FromMilliseconds(1) ? client.Derive()
                : client.Derive(left < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : left);
        }
    }
}
