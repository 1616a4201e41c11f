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
    /// <see cref="CallCancelledException"/>, and later ones <see cref="ClientClosedException"/>.</remarks>
    public sealed class Client : IDisposable
    {
        private readonly Native.ClientHandle handle;
        private readonly Region region;
        private readonly Threads threads;
        private readonly HashSet<Action> cuts = new HashSet<Action>(); // of what is under way; guards itself, and cancelled
        private bool cancelled;

        /// <summary>A client; it opens no connection yet. ClientOptions are copied.</summary>
        public Client(string key, Region region = Region.Global, ClientOptions? options = null)
            : this(Create(key, region, options ?? new ClientOptions()), region, options ?? new ClientOptions())
        {
        }

        private Client(Native.ClientHandle handle, Region region, ClientOptions options)
            : this(handle, region, options.Timeout ?? ClientOptions.DefaultTimeout, options.Threads)
        {
        }

        private Client(Native.ClientHandle handle, Region region, TimeSpan timeout, Threads threads)
        {
            this.handle = handle;
            this.region = region;
            this.threads = threads;
            Timeout = timeout;
        }

        private static Native.ClientHandle Create(string key, Region region, ClientOptions options)
        {
            var native = Native.Library;
            var config = native.ConfigNew();
            try
            {
                var log = options.Apply(config);
                var code = native.ClientNew(Arguments.Text("key", key), Arguments.Number(region), config, out var client);
                Arguments.Check(code, "key must be " + Arguments.Key + "; " + OpenTracking.FromEnvironment);
                return new Native.ClientHandle(client, log);
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
        public Result Update(bool enabled, string? onBehalfOf = null)
        {
            return Updating(enabled, onBehalfOf)(this);
        }

        /// <summary>Reads whether open tracking is on; the name as for <see cref="Update"/>.</summary>
        public Result Get(string? onBehalfOf = null)
        {
            return Getting(onBehalfOf)(this);
        }

        /// <summary><see cref="Update"/> in another thread. The token cuts off this call and no other.</summary>
        /// <remarks>At most <see cref="ClientOptions.MaxThreads"/> run at once. Any number may wait, which counts against
        /// their timeout.</remarks>
        public Task<Result> UpdateAsync(
            bool enabled, string? onBehalfOf = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Asynchronous.Run(this, threads, Updating(enabled, onBehalfOf), cancellationToken);
        }

        /// <summary><see cref="Get"/> in another thread, as <see cref="UpdateAsync"/>.</summary>
        public Task<Result> GetAsync(
            string? onBehalfOf = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Asynchronous.Run(this, threads, Getting(onBehalfOf), cancellationToken);
        }

        /// <summary>Switches open tracking on or off for many accounts, up to <see cref="ClientOptions.MaxConnections"/> at once and
        /// as fast as the account's rate limit allows. The sequence gives an <see cref="Item"/> for each as it comes; one's
        /// failure stops no other.</summary>
        /// <remarks>The names may be any sequence, an endless one too: it is read by the thread that reads the items, in
        /// lots of up to 1,000, each when the one before is done. What it throws is thrown after the items of the names
        /// that came before. A collection is copied now, and refused if it holds a null or a name that is not Unicode.
        /// The calls begin when the items are first read, in another thread, and a slow reader slows them down. Leaving the
        /// loop early cuts off the rest. It ends in an exception if this client is cancelled
        /// (<see cref="CallCancelledException"/>), or if three replies in a row were 401 before any went well
        /// (<see cref="UnauthorizedException"/>): the rest is not sent then. The timeout is each item's own.</remarks>
        public IEnumerable<Item> UpdateMany(bool enabled, IEnumerable<string> names)
        {
            return Fleet<Item>.Read(this, UpdatingMany(enabled, names));
        }

        /// <summary>Reads whether open tracking is on for many accounts, as <see cref="UpdateMany"/>.</summary>
        public IEnumerable<Item> GetMany(IEnumerable<string> names)
        {
            return Fleet<Item>.Read(this, GettingMany(names));
        }

        /// <summary>The usernames of the account's subusers, as its pages come, in the manner of <see cref="UpdateMany"/>. The
        /// key needs the scope subusers.read.</summary>
        public IEnumerable<string> ListSubusers()
        {
            return Fleet<string>.Read(this, Listing());
        }

#if NETSTANDARD2_1
        /// <summary><see cref="UpdateMany"/>, for <c>await foreach</c>. No thread waits while nothing has come.</summary>
        public IAsyncEnumerable<Item> UpdateManyAsync(bool enabled, IEnumerable<string> names)
        {
            return new AsyncSequence<Item>(this, UpdatingMany(enabled, names));
        }

        /// <summary><see cref="GetMany"/>, as <see cref="UpdateManyAsync"/>.</summary>
        public IAsyncEnumerable<Item> GetManyAsync(IEnumerable<string> names)
        {
            return new AsyncSequence<Item>(this, GettingMany(names));
        }

        /// <summary><see cref="ListSubusers"/>, as <see cref="UpdateManyAsync"/>.</summary>
        public IAsyncEnumerable<string> ListSubusersAsync()
        {
            return new AsyncSequence<string>(this, Listing());
        }
#endif

        /// <summary>A client that shares this one's key and connections but has its own timeout (null: the same), its own
        /// <see cref="Cancel"/> and its own <see cref="Close"/>. It is cheap: make one for a single call.</summary>
        public Client Derive(TimeSpan? timeout = null)
        {
            var milliseconds = timeout == null ? 0 : Arguments.Milliseconds("timeout", timeout.Value);
            var derived = IntPtr.Zero;
            var code = InUse(() => Native.Library.ClientDerive(handle, milliseconds, out derived));
            Arguments.Check(code, "timeout was refused");
            return new Client(new Native.ClientHandle(derived, handle.Log), region, timeout ?? Timeout, threads);
        }

        /// <summary>Cuts off this client's calls, those in flight and any later one, with
        /// <see cref="CallCancelledException"/>. It may be called from any thread and does not wait. Derived
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
            Action[] all;
            lock (cuts)
            {
                cancelled = true;
                all = new Action[cuts.Count];
                cuts.CopyTo(all);
            }
            Array.ForEach(all, cut => cut());
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

        /// <summary>Bounds a call.</summary>
        internal TimeSpan Timeout { get; }

        internal bool IsCancelled
        {
            get
            {
                lock (cuts)
                {
                    return cancelled;
                }
            }
        }

        /// <summary>How much runs in other threads and has not ended yet.</summary>
        internal int InFlight
        {
            get
            {
                lock (cuts)
                {
                    return cuts.Count;
                }
            }
        }

        internal void RefuseIfClosed()
        {
            if (handle.IsClosed)
            {
                throw new ClientClosedException();
            }
        }

        /// <summary>Has something be cut off by every cancel, or at once if there was one already.</summary>
        internal void Begin(Action cut)
        {
            bool late;
            lock (cuts)
            {
                cuts.Add(cut);
                late = cancelled;
            }
            if (late)
            {
                cut();
            }
        }

        internal void End(Action cut)
        {
            lock (cuts)
            {
                cuts.Remove(cut);
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
                throw new ClientClosedException();
            }
        }

        private static Result Call(Func<Native.SgResult> call)
        {
            var result = InUse(call);
            if (result.Code == (int)Code.Argument)
            {
                throw new OpenTrackingArgumentException(result.Text);
            }
            if (result.Code != (int)Code.Ok)
            {
                throw OpenTrackingException.Of(result);
            }
            return new Result(result);
        }

        private static Func<Client, Result> Updating(bool enabled, string? onBehalfOf)
        {
            var name = Arguments.Name(onBehalfOf);
            return client => Call(() =>
            {
                Native.Library.ClientUpdate(client.handle, enabled, name, out var result);
                return result;
            });
        }

        private static Func<Client, Result> Getting(string? onBehalfOf)
        {
            var name = Arguments.Name(onBehalfOf);
            return client => Call(() =>
            {
                Native.Library.ClientGet(client.handle, name, out var result);
                return result;
            });
        }

        private delegate int ManyCall(
            Native.ClientHandle client, IntPtr[] texts, UIntPtr count, Native.OnResult onResult);

        private static IEnumerable<Action<Client, Func<Item, bool>>> UpdatingMany(bool enabled, IEnumerable<string> names)
        {
            return Names.Lots(names).Select(lot => Many(lot, (client, texts, count, report) =>
                Native.Library.ClientUpdateMany(client, enabled, texts, count, report, IntPtr.Zero, IntPtr.Zero)));
        }

        private static IEnumerable<Action<Client, Func<Item, bool>>> GettingMany(IEnumerable<string> names)
        {
            return Names.Lots(names).Select(lot => Many(lot, (client, texts, count, report) =>
                Native.Library.ClientGetMany(client, texts, count, report, IntPtr.Zero, IntPtr.Zero)));
        }

        private static Action<Client, Func<Item, bool>> Many(Names lot, ManyCall call)
        {
            return (client, report) =>
            {
                Native.OnResult onResult = (context, index, result) => report(new Item(
                    lot.First + (int)index,
                    lot.Given[(int)index],
                    (Native.SgResult)Marshal.PtrToStructure(result, typeof(Native.SgResult))));
                var pinned = lot.Texts.ConvertAll(text => GCHandle.Alloc(text, GCHandleType.Pinned));
                try
                {
                    var pointers = pinned.ConvertAll(text => text.AddrOfPinnedObject()).ToArray();
                    var code = InUse(() => call(client.handle, pointers, (UIntPtr)pointers.Length, onResult));
                    if (code != (int)Code.Partial) // which the items told
                    {
                        Arguments.Check(code, "names was refused");
                    }
                }
                finally
                {
                    pinned.ForEach(text => text.Free());
                }
            };
        }

        private static IEnumerable<Action<Client, Func<string, bool>>> Listing()
        {
            Action<Client, Func<string, bool>> all = (client, report) =>
            {
                Native.OnSubuser onSubuser = (context, username) => report(Native.ToText(username));
                Call(() =>
                {
                    Native.Library.ClientListSubusers(client.handle, onSubuser, IntPtr.Zero, out var result);
                    return result;
                });
            };
            return new[] { all };
        }
    }
}
