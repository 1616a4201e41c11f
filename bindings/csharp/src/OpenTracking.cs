using System.Threading;
using System.Threading.Tasks;

namespace SgOpenTracking
{
    /// <summary>Single calls with no set-up. Without options they share one pool of connections of the whole process, and
    /// their exceptions have a code and no details. With options, or asynchronous, a call has a client and a connection of
    /// its own, details and all: for many calls, make a <see cref="Client"/>.</summary>
    public static class OpenTracking
    {
        internal const string FromEnvironment = "SG_OPEN_TRACKING_BASE_URL, if set, what BaseUrl may be";
        private const string OneCall =
            "key must be " + Arguments.Key + "; onBehalfOf " + Arguments.OnBehalfOf + "; " + FromEnvironment;

        /// <summary>One update; returns what the server reported. The name as for <see cref="Client.Update"/>.</summary>
        public static bool Update(
            string key, bool enabled, Region region = Region.Global, string? onBehalfOf = null, ClientOptions? options = null)
        {
            if (options != null)
            {
                using (var client = new Client(key, region, options))
                {
                    return client.Update(enabled, onBehalfOf).Enabled;
                }
            }
            var code = Native.Library.OpenTrackingUpdate(
                Arguments.Text("key", key), enabled, Arguments.Number(region), Arguments.Name(onBehalfOf), out var reported);
            Arguments.Check(code, OneCall);
            return reported != 0;
        }

        /// <summary>One read.</summary>
        public static bool Get(
            string key, Region region = Region.Global, string? onBehalfOf = null, ClientOptions? options = null)
        {
            if (options != null)
            {
                using (var client = new Client(key, region, options))
                {
                    return client.Get(onBehalfOf).Enabled;
                }
            }
            var code = Native.Library.OpenTrackingGet(
                Arguments.Text("key", key), Arguments.Number(region), Arguments.Name(onBehalfOf), out var reported);
            Arguments.Check(code, OneCall);
            return reported != 0;
        }

        /// <summary>One update in another thread. The token cuts the call off.</summary>
        public static async Task<bool> UpdateAsync(
            string key,
            bool enabled,
            Region region = Region.Global,
            string? onBehalfOf = null,
            CancellationToken cancellationToken = default(CancellationToken),
            ClientOptions? options = null)
        {
            using (var client = new Client(key, region, options))
            {
                return (await client.UpdateAsync(enabled, onBehalfOf, cancellationToken).ConfigureAwait(false)).Enabled;
            }
        }

        /// <summary>One read in another thread, as <see cref="UpdateAsync"/>.</summary>
        public static async Task<bool> GetAsync(
            string key,
            Region region = Region.Global,
            string? onBehalfOf = null,
            CancellationToken cancellationToken = default(CancellationToken),
            ClientOptions? options = null)
        {
            using (var client = new Client(key, region, options))
            {
                return (await client.GetAsync(onBehalfOf, cancellationToken).ConfigureAwait(false)).Enabled;
            }
        }

        /// <summary>The version of the native library.</summary>
        public static string LibraryVersion => Native.ToText(Native.Library.VersionOf());
    }
}
