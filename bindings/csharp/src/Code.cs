namespace SgOpenTracking
{
    /// <summary>What a call ended with: <c>sg_code</c>, value for value.</summary>
    /// <remarks>A number that is none of these comes from a library that is newer than this package.</remarks>
    public enum Code
    {
        /// <summary>Success.</summary>
        Ok = 0,
        /// <summary>A key, name, region or option was refused.</summary>
        Argument = 1,
        /// <summary>The call was cut off.</summary>
        Cancelled = 2,
        /// <summary>A bug in the library.</summary>
        Internal = 3,
        /// <summary>At least one of many failed.</summary>
        Partial = 4,
        /// <summary>The host's name was not resolved.</summary>
        Dns = 10,
        /// <summary>The host took no connection.</summary>
        Connect = 11,
        /// <summary>The proxy did not let the connection through.</summary>
        Proxy = 12,
        /// <summary>The certificate was not trusted, or the handshake failed.</summary>
        Tls = 13,
        /// <summary>The deadline passed.</summary>
        Timeout = 14,
        /// <summary>The connection broke during the call.</summary>
        Io = 15,
        /// <summary>The server's answer could not be understood.</summary>
        Protocol = 16,
        /// <summary>400, or another 4xx that is not named here.</summary>
        BadRequest = 20,
        /// <summary>401.</summary>
        Unauthorized = 21,
        /// <summary>403.</summary>
        Forbidden = 22,
        /// <summary>404.</summary>
        NotFound = 23,
        /// <summary>429.</summary>
        RateLimited = 24,
        /// <summary>5xx.</summary>
        Server = 25,
        /// <summary>Any other status.</summary>
        Status = 26,
        /// <summary>200, but the server reports the other value.</summary>
        NotApplied = 27,
    }

    /// <summary>Where the account lives. A key of one region does not work in the other.</summary>
    public enum Region
    {
        /// <summary>api.sendgrid.com</summary>
        Global = 0,
        /// <summary>api.eu.sendgrid.com</summary>
        Eu = 1,
    }
}
