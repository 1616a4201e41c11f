using System.Threading;
using System.Threading.Tasks;

namespace SgOpenTracking
{
    /// <summary>Single calls with no set-up. They share one pool of connections. Their exceptions have a code and no
    /// details: for those, make a <see cref="Client"/>.</summary>
    public static class OpenTracking
    {
        internal const string FromEnvironment = "SG_OPEN_TRACKING_BASE_URL, if set, what BaseUrl may be";
        private const string OneCall =
            "key must be " + Arguments.Key + "; onBehalfOf " + Arguments.OnBehalfOf + "; " + FromEnvironment;

        /// <summary>One update; returns what the server reported. The name as for <see cref="Client.Update"/>.</summary>
        public static bool Update(string key, bool enabled, Region region = Region.Global, string onBehalfOf = null)
        {
            var code = Native.Library.OpenTrackingUpdate(
                Arguments.Text("key", key), enabled, Arguments.Number(region), Arguments.Name(onBehalfOf), out var reported);
            Arguments.Check(code, OneCall);
            return reported != 0;
        }

        /// <summary>One read.</summary>
        public static bool Get(string key, Region region = Region.Global, string onBehalfOf = null)
        {
            var code = Native.Library.OpenTrackingGet(
                Arguments.Text("key", key), Arguments.Number(region), Arguments.Name(onBehalfOf), out var reported);
            Arguments.Check(code, OneCall);
            return reported != 0;
        }

        /// <summary>One update in a thread of its own. The token cuts the call off, for which it has a client and a
        /// connection of its own: for many calls, make a <see cref="Client"/>.</summary>
        public static async Task<bool> UpdateAsync(
            string key,
            bool enabled,
            Region region = Region.Global,
            string onBehalfOf = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            using (var client = new Client(key, region))
            {
                return (await client.UpdateAsync(enabled, onBehalfOf, cancellationToken).ConfigureAwait(false)).Enabled;
            }
        }

        /// <summary>One read in a thread of its own, as <see cref="UpdateAsync"/>.</summary>
        public static async Task<bool> GetAsync(
            string key,
            Region region = Region.Global,
            string onBehalfOf = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            using (var client = new Client(key, region))
            {
                return (await client.GetAsync(onBehalfOf, cancellationToken).ConfigureAwait(false)).Enabled;
            }
        }

        /// <summary>The version of the native library.</summary>
        public static string LibraryVersion => Native.ToText(Native.Library.VersionOf());
    }
}
