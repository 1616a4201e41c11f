namespace SgOpenTracking
{
    /// <summary>How much a log tells: each level has those above it as well. <c>sg_log</c>, value for value.</summary>
    public enum LogLevel
    {
        /// <summary>Calls that failed.</summary>
        Error = 1,
        /// <summary>Retries, holds after a 429, addresses that can't be reached, and steps of a second or more.</summary>
        Warn = 2,
        /// <summary>Calls that went well, other holds of a second or more, and connections that were replaced.</summary>
        Info = 3,
        /// <summary>Every step of a call.</summary>
        Debug = 4,
    }
}
