using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace SgOpenTracking
{
    /// <summary>The P/Invoke layer: finds the library, checks its version and binds its functions.</summary>
    /// <remarks>The library is opened by hand and its functions are called through pointers, since a DllImport takes no
    /// path that is known only when the program runs; this way is the same under Mono, .NET Framework and .NET. A C string
    /// is a byte array that ends in a NUL, so that its encoding is UTF-8 whatever the platform's is.</remarks>
    internal sealed class Native
    {
        /// <summary>The oldest version of the library that has all that this package uses.</summary>
        internal static readonly Version Needed = new Version(1, 1);

        /// <summary><c>sg_result</c>: 512 bytes, a layout that never changes.</summary>
        [StructLayout(LayoutKind.Sequential)]
        internal struct SgResult
        {
            internal int Code;
            internal int HttpStatus;
            internal byte Enabled;
            [MarshalAs(UnmanagedType.ByValArray, SizeConst = 3)] internal byte[] Reserved;
            internal uint Attempts;
            internal long RetryAfterMs;
            internal long ElapsedUs;
            [MarshalAs(UnmanagedType.ByValArray, SizeConst = 480)] internal byte[] Message;

            internal string Text => Encoding.UTF8.GetString(Message, 0, Array.IndexOf(Message, (byte)0));

            internal TimeSpan? RetryAfter => RetryAfterMs < 0 ? (TimeSpan?)null : TimeSpan.FromMilliseconds(RetryAfterMs);

            internal TimeSpan Elapsed => TimeSpan.FromTicks(ElapsedUs * (TimeSpan.TicksPerMillisecond / 1000));
        }

        /// <summary>An <c>sg_client</c>, which is freed once it was given up and the last call in it has ended.</summary>
        internal sealed class ClientHandle : SafeHandle
        {
            internal ClientHandle(IntPtr client, LogCallback? log) : base(IntPtr.Zero, true)
            {
                SetHandle(client);
                Log = log;
            }

            /// <summary>What the native client calls, and so must not be collected before.</summary>
            internal LogCallback? Log { get; }

            public override bool IsInvalid => handle == IntPtr.Zero;

            protected override bool ReleaseHandle()
            {
                Library.ClientFree(handle);
                return true;
            }
        }

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int UpdateOnce(
            byte[] key, [MarshalAs(UnmanagedType.U1)] bool enabled, int region, byte[] onBehalfOf, out byte reported);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int GetOnce(byte[] key, int region, byte[] onBehalfOf, out byte reported);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate IntPtr Make();

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void Free(IntPtr pointer);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int SetNumber(IntPtr config, uint value);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int SetText(IntPtr config, byte[] value);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void OnLog(IntPtr context, int level, IntPtr line);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int SetLog(IntPtr config, int level, OnLog onLog, IntPtr context);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int NewClient(byte[] key, int region, IntPtr config, out IntPtr client);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int DeriveClient(ClientHandle client, uint timeoutMs, out IntPtr derived);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int UpdateCall(
            ClientHandle client, [MarshalAs(UnmanagedType.U1)] bool enabled, byte[] onBehalfOf, out SgResult result);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int GetCall(ClientHandle client, byte[] onBehalfOf, out SgResult result);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void CancelCalls(ClientHandle client);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        [return: MarshalAs(UnmanagedType.U1)]
        internal delegate bool OnResult(IntPtr context, UIntPtr index, IntPtr result);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        [return: MarshalAs(UnmanagedType.U1)]
        internal delegate bool OnSubuser(IntPtr context, IntPtr username);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int UpdateManyCall(
            ClientHandle client,
            [MarshalAs(UnmanagedType.U1)] bool enabled,
            IntPtr[] names,
            UIntPtr count,
            OnResult onResult,
            IntPtr context,
            IntPtr results);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int GetManyCall(
            ClientHandle client, IntPtr[] names, UIntPtr count, OnResult onResult, IntPtr context, IntPtr results);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int ListCall(ClientHandle client, OnSubuser onSubuser, IntPtr context, out SgResult result);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate IntPtr TextOf(int code);

        internal readonly UpdateOnce OpenTrackingUpdate;
        internal readonly GetOnce OpenTrackingGet;
        internal readonly Make ConfigNew;
        internal readonly Free ConfigFree;
        internal readonly SetNumber ConfigSetTimeoutMs;
        internal readonly SetNumber ConfigSetConnectTimeoutMs;
        internal readonly SetNumber ConfigSetMaxRetries;
        internal readonly SetNumber ConfigSetMaxConnections;
        internal readonly SetNumber ConfigSetRequestsPerMinute;
        internal readonly SetText ConfigSetBaseUrl;
        internal readonly SetText ConfigSetProxy;
        internal readonly SetText ConfigSetCaFile;
        internal readonly SetText ConfigSetUserAgent;
        internal readonly SetLog ConfigSetLog;
        internal readonly NewClient ClientNew;
        internal readonly DeriveClient ClientDerive;
        internal readonly Free ClientFree;
        internal readonly UpdateCall ClientUpdate;
        internal readonly GetCall ClientGet;
        internal readonly CancelCalls ClientCancel;
        internal readonly UpdateManyCall ClientUpdateMany;
        internal readonly GetManyCall ClientGetMany;
        internal readonly ListCall ClientListSubusers;
        internal readonly TextOf StrError;
        internal readonly Make VersionOf;

        private readonly IntPtr library;
        private readonly string path;

        private Native()
        {
            library = Open(out path);
            Bind(out VersionOf, "sg_version");
            CheckVersion(path, ToText(VersionOf()), Needed);
            Bind(out OpenTrackingUpdate, "sg_open_tracking_update");
            Bind(out OpenTrackingGet, "sg_open_tracking_get");
            Bind(out ConfigNew, "sg_config_new");
            Bind(out ConfigFree, "sg_config_free");
            Bind(out ConfigSetTimeoutMs, "sg_config_set_timeout_ms");
            Bind(out ConfigSetConnectTimeoutMs, "sg_config_set_connect_timeout_ms");
            Bind(out ConfigSetMaxRetries, "sg_config_set_max_retries");
            Bind(out ConfigSetMaxConnections, "sg_config_set_max_connections");
            Bind(out ConfigSetRequestsPerMinute, "sg_config_set_requests_per_minute");
            Bind(out ConfigSetBaseUrl, "sg_config_set_base_url");
            Bind(out ConfigSetProxy, "sg_config_set_proxy");
            Bind(out ConfigSetCaFile, "sg_config_set_ca_file");
            Bind(out ConfigSetUserAgent, "sg_config_set_user_agent");
            Bind(out ConfigSetLog, "sg_config_set_log");
            Bind(out ClientNew, "sg_client_new");
            Bind(out ClientDerive, "sg_client_derive");
            Bind(out ClientFree, "sg_client_free");
            Bind(out ClientUpdate, "sg_client_update");
            Bind(out ClientGet, "sg_client_get");
            Bind(out ClientCancel, "sg_client_cancel");
            Bind(out ClientUpdateMany, "sg_client_update_many");
            Bind(out ClientGetMany, "sg_client_get_many");
            Bind(out ClientListSubusers, "sg_client_list_subusers");
            Bind(out StrError, "sg_strerror");
        }

        private void Bind<T>(out T function, string name)
        {
            var pointer = Symbol(library, name);
            if (pointer == IntPtr.Zero)
            {
                throw new DllNotFoundException(path + " is not the libsg_open_tracking that was meant: it has no " + name);
            }
            function = Marshal.GetDelegateForFunctionPointer<T>(pointer);
        }

        private static readonly Lazy<Native> Loaded = new Lazy<Native>(() => new Native());

        /// <summary>The library, with every function bound.</summary>
        internal static Native Library => Loaded.Value;

        /// <summary>A static C string.</summary>
        internal static string ToText(IntPtr text)
        {
            var length = 0;
            while (Marshal.ReadByte(text, length) != 0)
            {
                length++;
            }
            var bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }

        /// <summary>Refuses a library that is older than the one that is needed, or of another major version.</summary>
        internal static void CheckVersion(string path, string version, Version needed)
        {
            var found = new Version(version);
            if (found.Major != needed.Major || found < needed)
            {
                throw new DllNotFoundException(path + " is libsg_open_tracking " + version + ", and this package needs "
                    + needed + " or a later " + needed.Major + ".x: install one, or set SG_OPEN_TRACKING_LIBRARY to its path");
            }
        }

        /// <summary>The library that the environment names; else one beside this assembly, or where a NuGet package's
        /// lies from there; else the loader's.</summary>
        private static IntPtr Open(out string path)
        {
            var names = OnWindows ? new[] { "sg_open_tracking.dll", "libsg_open_tracking.dll" }
                : RuntimeInformation.IsOSPlatform(OSPlatform.OSX)
                    ? new[] { "libsg_open_tracking.1.dylib", "libsg_open_tracking.dylib" }
                    : new[] { "libsg_open_tracking.so.1", "libsg_open_tracking.so" };
            var named = Environment.GetEnvironmentVariable("SG_OPEN_TRACKING_LIBRARY");
            var candidates = new List<string>();
            if (!string.IsNullOrEmpty(named))
            {
                candidates.Add(named);
            }
            else
            {
                var assembly = typeof(Native).Assembly.Location; // "" in a program of a single file
                var place = assembly == "" ? AppDomain.CurrentDomain.BaseDirectory : Path.GetDirectoryName(assembly);
                var native = Path.Combine("runtimes", Platform(), "native");
                // The last is NuGet's folder of packages, which a program that is not published runs out of.
                foreach (var directory in new[] { place, Path.Combine(place, native), Path.Combine(place, "..", "..", native) })
                {
                    candidates.AddRange(Array.FindAll(Array.ConvertAll(names, name => Path.Combine(directory, name)), File.Exists));
                }
                candidates.AddRange(names);
            }
            var failures = new StringBuilder();
            foreach (var candidate in candidates)
            {
                path = candidate;
                var library = Load(candidate, out var failure);
                if (library != IntPtr.Zero)
                {
                    return library;
                }
                failures.Append("\n  ").Append(candidate).Append(": ").Append(failure);
            }
            throw new DllNotFoundException("libsg_open_tracking was not found: install it, or set SG_OPEN_TRACKING_LIBRARY"
                + " to its path. Tried:" + failures);
        }

        /// <summary>As NuGet names it: linux-x64.</summary>
        private static string Platform()
        {
            var system = OnWindows ? "win" : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "osx" : "linux";
            return system + "-" + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        }

        private static bool OnWindows => RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

        private static IntPtr Load(string path, out string failure)
        {
            const int now = 2; // RTLD_NOW, on Linux and macOS alike
            if (OnWindows)
            {
                var module = LoadLibraryW(path);
                failure = "error " + Marshal.GetLastWin32Error();
                return module;
            }
            try
            {
                dlerror(); // bound now, lest the runtime's own look-up for it takes the place of the failure
                var library = dlopen(path, now);
                failure = library == IntPtr.Zero ? Reason(dlerror()) : null;
                return library;
            }
            catch (EntryPointNotFoundException) // glibc before 2.34
            {
                dlerror_of_libdl();
                var library = dlopen_of_libdl(path, now);
                failure = library == IntPtr.Zero ? Reason(dlerror_of_libdl()) : null;
                return library;
            }
        }

        private static string Reason(IntPtr error)
        {
            return error == IntPtr.Zero ? "the loader does not say why" : ToText(error);
        }

        private static IntPtr Symbol(IntPtr library, string name)
        {
            if (OnWindows)
            {
                return GetProcAddress(library, name);
            }
            try
            {
                return dlsym(library, name);
            }
            catch (EntryPointNotFoundException)
            {
                return dlsym_of_libdl(library, name);
            }
        }

        [DllImport("libc")] private static extern IntPtr dlopen(string path, int flags);
        [DllImport("libc")] private static extern IntPtr dlsym(IntPtr library, string name);
        [DllImport("libc")] private static extern IntPtr dlerror();
        [DllImport("libdl.so.2", EntryPoint = "dlopen")] private static extern IntPtr dlopen_of_libdl(string path, int flags);
        [DllImport("libdl.so.2", EntryPoint = "dlsym")] private static extern IntPtr dlsym_of_libdl(IntPtr library, string name);
        [DllImport("libdl.so.2", EntryPoint = "dlerror")] private static extern IntPtr dlerror_of_libdl();
        [DllImport("kernel32", SetLastError = true, CharSet = CharSet.Unicode)] private static extern IntPtr LoadLibraryW(string path);
        [DllImport("kernel32", CharSet = CharSet.Ansi)] private static extern IntPtr GetProcAddress(IntPtr library, string name);
    }
}
