# frozen_string_literal: true

# The web application: one client for all threads and, where it is preloaded, for all workers.

require "sg_open_tracking"
require "timeout"

sandbox = { base_url: ENV.fetch("SANDBOX_URL"), ca_file: ENV.fetch("SANDBOX_CA_FILE"), proxy: "" }
client = SgOpenTracking::Client.new(ENV.fetch("SANDBOX_KEY"), **sandbox, max_retries: 1)
client.get # so that there is a connection before the fork

run(lambda do |env|
  query = Rack::Utils.parse_query(env["QUERY_STRING"])
  name = query["name"]
  enabled = Timeout.timeout(query["limit"]&.to_f) do
    case query["kind"]
    when "update" then client.update(true, on_behalf_of: name).enabled?
    when "many" then client.get_many([name, name]).all? { |item| item.result&.enabled? }
    else client.get(on_behalf_of: name).enabled?
    end
  end
  [200, {}, [enabled.to_s]]
rescue SgOpenTracking::OpenTrackingError, Timeout::Error => error
  [502, {}, [error.class.name]]
end)
