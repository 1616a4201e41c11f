using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace SgOpenTracking
{
    /// <summary>One key, one region, one pool of connections, for any number of threads.</summary>
    /// <remarks>Every call ends within the client's timeout. What goes wrong is thrown as an
    /// <see cref="OpenTrackingException"/>. Closing a client cancels the calls that other threads have in it: they throw
    /// <see cref="OpenTrackingException.Cancelled"/>, and later ones <see cref="OpenTrackingException.Closed"/>.</remarks>
    public sealed class Client : IDisposable
    {
        private readonly Native.ClientHandle handle;
        private readonly Region region;
        private readonly HashSet<Client> aside = new HashSet<Client>();
        private bool cancelled;
        private Action onCancel = () => { };

        /// <summary>A client; it opens no connection yet. Options are copied.</summary>
        public Client(string key, Region region = Region.Global, Options options = null)
            : this(Create(key, region, options ?? new Options()), region)
        {
        }

        private Client(IntPtr pointer, Region region)
        {
            handle = new Native.ClientHandle(pointer);
            this.region = region;
        }

        private static IntPtr Create(string key, Region region, Options options)
        {
            var native = Native.Library;
            var config = native.ConfigNew();
            try
            {
                options.Apply(config);
                var code = native.ClientNew(Arguments.Text("key", key), Arguments.Number(region), config, out var client);
                Arguments.Check(code, "key must be " + Arguments.Key + "; " + OpenTracking.FromEnvironment);
                return client;
            }
            finally
            {
                native.ConfigFree(config);
            }
        }

        /// <summary>Switches open tracking on or off.</summary>
        /// <param name="enabled">The value to set.</param>
        /// <param name="onBehalfOf">A subuser's username, or "account-id ID" for a customer account; null for the account
        /// itself.</param>
        public Result Update(bool enabled, string onBehalfOf = null)
        {
            var name = Arguments.Name(onBehalfOf);
            return Call(() =>
            {
                Native.Library.ClientUpdate(handle, enabled, name, out var result);
                return result;
            });
        }

        /// <summary>Reads whether open tracking is on; the name as for <see cref="Update"/>.</summary>
        public Result Get(string onBehalfOf = null)
        {
            var name = Arguments.Name(onBehalfOf);
            return Call(() =>
            {
                Native.Library.ClientGet(handle, name, out var result);
                return result;
            });
        }

        /// <summary><see cref="Update"/> in a thread of its own. The token cuts off this call and no other.</summary>
        public Task<Result> UpdateAsync(
            bool enabled, string onBehalfOf = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Aside(call => call.Update(enabled, onBehalfOf), cancellationToken);
        }

        /// <summary><see cref="Get"/> in a thread of its own. The token cuts off this call and no other.</summary>
        public Task<Result> GetAsync(
            string onBehalfOf = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Aside(call => call.Get(onBehalfOf), cancellationToken);
        }

        /// <summary>Switches open tracking on or off for many accounts, up to <see cref="Options.MaxConnections"/> at once and
        /// as fast as the account's rate limit allows. The sequence gives an <see cref="Item"/> for each as it comes; one's
        /// failure stops no other.</summary>
        /// <remarks>The calls begin when the sequence is first read, in another thread, and a slow reader slows them down.
        /// Leaving the loop early cuts off the rest. It ends in an exception if this client is cancelled
        /// (<see cref="OpenTrackingException.Cancelled"/>), or if the first three replies were all 401
        /// (<see cref="OpenTrackingException.Unauthorized"/>): the rest is not sent then. The timeout is each item's
        /// own.</remarks>
        public IEnumerable<Item> UpdateMany(bool enabled, IEnumerable<string> names)
        {
            return Many(names, (client, texts, count, report) =>
                Native.Library.ClientUpdateMany(client, enabled, texts, count, report, IntPtr.Zero, IntPtr.Zero));
        }

        /// <summary>Reads whether open tracking is on for many accounts, as <see cref="UpdateMany"/>.</summary>
        public IEnumerable<Item> GetMany(IEnumerable<string> names)
        {
            return Many(names, (client, texts, count, report) =>
                Native.Library.ClientGetMany(client, texts, count, report, IntPtr.Zero, IntPtr.Zero));
        }

        /// <summary>The usernames of the account's subusers, as its pages come, in the manner of <see cref="UpdateMany"/>. The
        /// key needs the scope subusers.read.</summary>
        public IEnumerable<string> ListSubusers()
        {
            return Fleet.Read<string>(this, (client, report) =>
            {
                Native.OnSubuser onSubuser = (context, username) => report(Native.ToText(username));
                Call(() =>
                {
                    Native.Library.ClientListSubusers(client.handle, onSubuser, IntPtr.Zero, out var result);
                    return result;
                });
            });
        }

        /// <summary>A client that shares this one's key and connections but has its own timeout (null: the same), its own
        /// <see cref="Cancel"/> and its own <see cref="Close"/>. It is cheap: make one for a single call.</summary>
        public Client Derive(TimeSpan? timeout = null)
        {
            var milliseconds = timeout == null ? 0 : Arguments.Milliseconds("timeout", timeout.Value);
            var derived = IntPtr.Zero;
            var code = InUse(() => Native.Library.ClientDerive(handle, milliseconds, out derived));
            Arguments.Check(code, "timeout was refused");
            return new Client(derived, region);
        }

        /// <summary>Cuts off this client's calls, those in flight and any later one, with
        /// <see cref="OpenTrackingException.Cancelled"/>. It may be called from any thread and does not wait. Derived
        /// clients go on.</summary>
        public void Cancel()
        {
            try
            {
                Native.Library.ClientCancel(handle);
            }
            catch (ObjectDisposedException)
            {
                // closed, and its calls were cancelled then
            }
            Client[] calls;
            lock (aside)
            {
                cancelled = true;
                calls = new Client[aside.Count];
                aside.CopyTo(calls);
            }
            foreach (var call in calls)
            {
                call.Cancel();
            }
            Volatile.Read(ref onCancel)();
        }

        /// <summary>Cancels what is in flight and gives the client up. It does not wait: the last call to end frees what
        /// the client held. Closing twice does no harm.</summary>
        public void Close()
        {
            Cancel();
            handle.Dispose();
        }

        /// <summary>As <see cref="Close"/>.</summary>
        public void Dispose()
        {
            Close();
        }

        /// <summary>The region, and whether the client is closed.</summary>
        public override string ToString()
        {
            return "Client { Region = " + region + (handle.IsClosed ? ", closed }" : " }");
        }

        /// <summary>Has an action run by every cancel, also if there was one already.</summary>
        internal void OnCancel(Action action)
        {
            Volatile.Write(ref onCancel, action);
            bool late;
            lock (aside)
            {
                late = cancelled;
            }
            if (late)
            {
                action();
            }
        }

        /// <summary>How many asynchronous calls have not ended yet.</summary>
        internal int InFlight
        {
            get
            {
                lock (aside)
                {
                    return aside.Count;
                }
            }
        }

        /// <summary>Runs what needs the handle, which is not freed meanwhile: the marshaller holds it.</summary>
        private static T InUse<T>(Func<T> call)
        {
            try
            {
                return call();
            }
            catch (ObjectDisposedException)
            {
                throw new OpenTrackingException.Closed();
            }
        }

        private delegate int ManyCall(
            Native.ClientHandle client, IntPtr[] texts, UIntPtr count, Native.OnResult onResult);

        private IEnumerable<Item> Many(IEnumerable<string> given, ManyCall call)
        {
            var names = given.ToArray();
            var texts = Array.ConvertAll(names, name => Arguments.Text("name", name));
            return Fleet.Read<Item>(this, (client, report) =>
            {
                Native.OnResult onResult = (context, index, result) => report(new Item(
                    (int)index, names[(int)index], (Native.SgResult)Marshal.PtrToStructure(result, typeof(Native.SgResult))));
                var pinned = Array.ConvertAll(texts, text => GCHandle.Alloc(text, GCHandleType.Pinned));
                try
                {
                    var pointers = Array.ConvertAll(pinned, text => text.AddrOfPinnedObject());
                    var code = InUse(() => call(client.handle, pointers, (UIntPtr)names.Length, onResult));
                    if (code != (int)Code.Partial) // which the items told
                    {
                        Arguments.Check(code, "names was refused");
                    }
                }
                finally
                {
                    Array.ForEach(pinned, text => text.Free());
                }
            });
        }

        private static Result Call(Func<Native.SgResult> call)
        {
            var result = InUse(call);
            if (result.Code != (int)Code.Ok)
            {
                throw OpenTrackingException.Of(result);
            }
            return new Result(result);
        }

        /// <summary>One asynchronous call, in a derived client. This client's cancel and close reach it.</summary>
        internal async Task<T> Aside<T>(Func<Client, T> function, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using (var call = Derive())
            {
                bool late;
                lock (aside)
                {
                    aside.Add(call);
                    late = cancelled;
                }
                if (late)
                {
                    call.Cancel();
                }
                try
                {
                    using (cancellationToken.Register(call.Cancel))
                    {
                        return await Task.Factory.StartNew(
                            () => function(call),
                            CancellationToken.None,
                            TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
                            TaskScheduler.Default).ConfigureAwait(false);
                    }
                }
                catch (OpenTrackingException.Cancelled) when (cancellationToken.IsCancellationRequested)
                {
                    throw new OperationCanceledException("the call was cancelled", cancellationToken);
                }
                finally
                {
                    lock (aside)
                    {
                        aside.Remove(call);
                    }
                }
            }
        }
    }
}
