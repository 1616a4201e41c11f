namespace SgOpenTracking
{
    /// <summary>What became of one subuser of <see cref="Client.UpdateMany"/> or <see cref="Client.GetMany"/>.
    /// Immutable.</summary>
    public sealed class Item
    {
        internal Item(string onBehalfOf, Native.SgResult result)
        {
            OnBehalfOf = onBehalfOf;
            if (result.Code == (int)Code.Ok)
            {
                Result = new Result(result);
            }
            else
            {
                Error = OpenTrackingException.Of(result);
            }
        }

        /// <summary>The name.</summary>
        public string OnBehalfOf { get; }

        /// <summary>Null if it failed.</summary>
        public Result Result { get; }

        /// <summary>Why it failed; null if it did not.</summary>
        public OpenTrackingException Error { get; }
    }
}
