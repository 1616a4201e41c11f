# frozen_string_literal: true

require_relative "sg_open_tracking/version"
require_relative "sg_open_tracking/errors"
require_relative "sg_open_tracking/native"
require_relative "sg_open_tracking/arguments"
require_relative "sg_open_tracking/fleet"
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
  ONE_CALL = "key must be #{Arguments::KEY}; on_behalf_of #{Arguments::ON_BEHALF_OF}; #{ENVIRONMENT}"
  private_constant :ENVIRONMENT, :ONE_CALL

  class << self
    # One update with no set-up; returns what the server reported. All such calls share one pool of connections. Their
    # errors have a code and no details: for those, make a Client.
    def update(key, enabled, region: Region::GLOBAL, on_behalf_of: nil)
      key = Arguments.text("key", key)
      flag = Arguments.flag(enabled)
      region = Arguments.region(region)
      name = Arguments.on_behalf_of(on_behalf_of)
      once { |reported| Native.sg_open_tracking_update(key, flag, region, name, reported) }
    end

    # One read with no set-up, as `update`.
    def get(key, region: Region::GLOBAL, on_behalf_of: nil)
      key = Arguments.text("key", key)
      region = Arguments.region(region)
      name = Arguments.on_behalf_of(on_behalf_of)
      once { |reported| Native.sg_open_tracking_get(key, region, name, reported) }
    end

    # The version of the native library.
    def library_version
      Native.text(Native.sg_version)
    end

    private

    def once
      Native.room(1) do |reported|
        Native.check(yield(reported), ONE_CALL)
        reported[0] == 1
      end
    end
  end
end
