using System;

namespace SgOpenTracking
{
    /// <summary>The options of a <see cref="Client"/>; null leaves one at its default. They are checked when a client is
    /// made, by an <see cref="OpenTrackingArgumentException"/> that names the option and what it may be.</summary>
    public sealed class ClientOptions
    {
        /// <summary>Bounds a whole call, retries and waits included; 30 seconds by default.</summary>
        public TimeSpan? Timeout { get; set; }

        /// <summary>Bounds the part of it that connects; 10 seconds by default.</summary>
        public TimeSpan? ConnectTimeout { get; set; }

        /// <summary>For failures to connect, 429 and 5xx; 2 by default.</summary>
        public long? MaxRetries { get; set; }

        /// <summary>How many are kept open; 8 by default, 1 to 1024.</summary>
        public long? MaxConnections { get; set; }

        /// <summary>Caps the client; 0, the default, leaves the pace to the server.</summary>
        public long? RequestsPerMinute { get; set; }

        /// <summary>Another place for the service: https, or http on a loopback address.</summary>
        public string? BaseUrl { get; set; }

        /// <summary>The URL of a proxy; "" is none, and null as the environment says.</summary>
        public string? Proxy { get; set; }

        /// <summary>A PEM file, which replaces the system's trust store.</summary>
        public string? CaFile { get; set; }

        /// <summary>Appended to the library's own.</summary>
        public string? UserAgent { get; set; }

        /// <summary>How many asynchronous calls run at once, 1 to 1024; any number may wait, which counts against their timeout.
        /// Null, the default: all clients share 64 threads. Else this one, and those derived from it, have threads of their
        /// own.</summary>
        public int? MaxThreads
        {
            get => maxThreads;
            set
            {
                if (value < 1 || value > 1024)
                {
                    throw new OpenTrackingArgumentException("MaxThreads must be 1 to 1024");
                }
                maxThreads = value;
                Threads = value == null ? Threads.Shared : new Threads(value.Value);
            }
        }

        /// <summary>Called with each line of the log of the clients that are made with it, and of those derived from
        /// them; null, the default, for none.</summary>
        /// <remarks>It is called on the thread that makes the call: that of an asynchronous call and of a sequence is not
        /// the caller's. The call waits for it. What it throws is dropped, and the call goes on.</remarks>
        public Action<LogLevel, string>? Log { get; set; }

        /// <summary>The least urgent level that <see cref="Log"/> is called with; Info by default.</summary>
        public LogLevel LogLevel { get; set; } = LogLevel.Info;

        internal static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30); // the library's

        internal Threads Threads { get; private set; } = Threads.Shared;

        private int? maxThreads;

        /// <summary>Sets all of them. Returns what the clients must hold on to; it may be null.</summary>
        internal LogCallback? Apply(IntPtr config)
        {
            var native = Native.Library;
            Set(config, native.ConfigSetTimeoutMs, nameof(Timeout), Timeout);
            Set(config, native.ConfigSetConnectTimeoutMs, nameof(ConnectTimeout), ConnectTimeout);
            Set(config, native.ConfigSetMaxRetries, nameof(MaxRetries), MaxRetries, Arguments.AnyCount);
            Set(config, native.ConfigSetMaxConnections, nameof(MaxConnections), MaxConnections, "1 to 1024");
            Set(config, native.ConfigSetRequestsPerMinute, nameof(RequestsPerMinute), RequestsPerMinute, Arguments.AnyCount);
            Set(config, native.ConfigSetBaseUrl, nameof(BaseUrl), BaseUrl, "an https URL, or http on a loopback address");
            Set(config, native.ConfigSetProxy, nameof(Proxy), Proxy, "the URL of a proxy, or \"\" for none");
            Set(config, native.ConfigSetCaFile, nameof(CaFile), CaFile, "a readable file of PEM certificates");
            Set(config, native.ConfigSetUserAgent, nameof(UserAgent), UserAgent, "1 to 256 characters of printable ASCII");
            return LogCallback.Set(config, Log, LogLevel);
        }

        private static void Set(IntPtr config, Native.SetNumber setter, string name, TimeSpan? value)
        {
            if (value != null)
            {
                Arguments.Check(setter(config, Arguments.Milliseconds(name, value.Value)), name + " must be " + Arguments.AnyTime);
            }
        }

        private static void Set(IntPtr config, Native.SetNumber setter, string name, long? value, string allowed)
        {
            if (value != null)
            {
                Arguments.Check(setter(config, Arguments.Count(name, value.Value, allowed)), name + " must be " + allowed);
            }
        }

        private static void Set(IntPtr config, Native.SetText setter, string name, string value, string allowed)
        {
            if (value != null)
            {
                Arguments.Check(setter(config, Arguments.Text(name, value)), name + " must be " + allowed);
            }
        }
    }
}
