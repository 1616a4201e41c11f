# frozen_string_literal: true

require_relative "sg_open_tracking/version"
require_relative "sg_open_tracking/errors"
require_relative "sg_open_tracking/native"
require_relative "sg_open_tracking/arguments"
require_relative "sg_open_tracking/handle"
require_relative "sg_open_tracking/log"
require_relative "sg_open_tracking/call"
require_relative "sg_open_tracking/client"

# Switch SendGrid's open tracking on or off.
#
#     SgOpenTracking::Client.open(key) do |client|
#       client.update(false, on_behalf_of: "news@example.com")
#     end
#
# Any number of threads may use a Client at once; every call releases the GVL and ends within the client's timeout. What
# goes wrong is raised as an OpenTrackingError.
module SgOpenTracking
  ENVIRONMENT = "SG_OPEN_TRACKING_BASE_URL, if set, what base_url may be"
  private_constant :ENVIRONMENT

  class << self
    # One update, in a client of its own, whose options it takes; returns what the server reported. For more than one call
    # make a Client, which keeps its connections.
    def update(key, enabled, on_behalf_of: nil, **options)
      Client.open(key, **options) { |client| client.update(enabled, on_behalf_of: on_behalf_of).enabled }
    end

    # One read, as `update`.
    def get(key, on_behalf_of: nil, **options)
      Client.open(key, **options) { |client| client.get(on_behalf_of: on_behalf_of).enabled }
    end

    # The version of the native library.
    def library_version
      Native::LIBRARY_VERSION
    end
  end
end
