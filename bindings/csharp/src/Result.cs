using System;

namespace SgOpenTracking
{
    /// <summary>A call that succeeded. Immutable.</summary>
    public sealed class Result
    {
        internal Result(Native.SgResult result)
        {
            Enabled = result.Enabled != 0;
            HttpStatus = result.HttpStatus;
            Attempts = (int)result.Attempts;
            RetryAfter = result.RetryAfter;
            Elapsed = result.Elapsed;
        }

        /// <summary>What the server reported: is open tracking on?</summary>
        public bool Enabled { get; }

        /// <summary>The HTTP status.</summary>
        public int HttpStatus { get; }

        /// <summary>Requests sent, the first included.</summary>
        public int Attempts { get; }

        /// <summary>The wait that the server asked for, if it did.</summary>
        public TimeSpan? RetryAfter { get; }

        /// <summary>What the call took, waits included.</summary>
        public TimeSpan Elapsed { get; }
    }
}
