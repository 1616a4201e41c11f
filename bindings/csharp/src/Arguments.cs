using System;
using System.Text;

namespace SgOpenTracking
{
    /// <summary>From .NET's values to C's: what is refused here would otherwise be cut short, wrap around or be taken for
    /// something else on the way.</summary>
    internal static class Arguments
    {
        internal const string Key = "1 to 512 characters of visible ASCII, with no space";
        internal const string OnBehalfOf = "1 to 256 characters of printable ASCII, with no space at either end";
        internal static readonly string AnyTime = "more than 0 and at most " + uint.MaxValue + " ms";
        internal static readonly string AnyCount = "0 to " + uint.MaxValue;

        private static readonly Encoding Utf8 = new UTF8Encoding(false, true);

        /// <summary>UTF-8 that ends in a NUL.</summary>
        internal static byte[] Text(string name, string value)
        {
            if (value == null)
            {
                throw new ArgumentNullException(name);
            }
            if (value.IndexOf('\0') >= 0)
            {
                throw new OpenTrackingArgumentException(name + " must not hold a NUL");
            }
            try
            {
                return Utf8.GetBytes(value + '\0');
            }
            catch (EncoderFallbackException)
            {
                throw new OpenTrackingArgumentException(name + " must be valid Unicode"); // its cause could show the key
            }
        }

        internal static byte[]? Name(string? onBehalfOf)
        {
            return onBehalfOf == null ? null : Text("onBehalfOf", onBehalfOf);
        }

        internal static int Number(Region region)
        {
            if (!Enum.IsDefined(typeof(Region), region))
            {
                throw new OpenTrackingArgumentException("region must be a Region, not " + (int)region);
            }
            return (int)region;
        }

        internal static int Number(LogLevel level)
        {
            if (!Enum.IsDefined(typeof(LogLevel), level))
            {
                throw new OpenTrackingArgumentException("LogLevel must be a LogLevel, not " + (int)level);
            }
            return (int)level;
        }

        internal static uint Milliseconds(string name, TimeSpan value)
        {
            if (value <= TimeSpan.Zero || value.TotalMilliseconds > uint.MaxValue)
            {
                throw new OpenTrackingArgumentException(name + " must be " + AnyTime);
            }
            return Math.Max(1, (uint)value.TotalMilliseconds);
        }

        internal static uint Count(string name, long value, string allowed)
        {
            if (value < 0 || value > uint.MaxValue)
            {
                throw new OpenTrackingArgumentException(name + " must be " + allowed);
            }
            return (uint)value;
        }

        /// <summary>Throws what a bare code means; <paramref name="refusal"/> says it for a refused argument.</summary>
        internal static void Check(int code, string refusal)
        {
            if (code == (int)Code.Argument)
            {
                throw new OpenTrackingArgumentException(refusal);
            }
            if (code != (int)Code.Ok)
            {
                throw OpenTrackingException.Of(code, Native.ToText(Native.Library.StrError(code)));
            }
        }
    }
}
