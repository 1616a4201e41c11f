# frozen_string_literal: true

# The jobs, and where Redis is: for the server and for who gives it jobs.

require "sidekiq"
require "sg_open_tracking"

Redis.sadd_returns_boolean = false # or each job that is given would print a warning
redis = { path: ENV.fetch("HOST_SOCKET") }
Sidekiq.configure_server { |config| config.redis = redis }
Sidekiq.configure_client { |config| config.redis = redis }

SANDBOX = { base_url: ENV.fetch("SANDBOX_URL"), ca_file: ENV.fetch("SANDBOX_CA_FILE"), proxy: "" }.freeze
CLIENT = SgOpenTracking::Client.new(ENV.fetch("SANDBOX_KEY"), **SANDBOX, max_retries: 1)

# Tells in the list "begun" that a job runs, and in "ended" how long it took, and whether it went well.
class Switch
  include Sidekiq::Worker
  sidekiq_options retry: false

  def perform(name, many = false)
    tell("begun", name)
    start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    good = true
    begin
      if many
        CLIENT.update_many(false, [name, name]) { |item| good &&= item.error.nil? }
      else
        CLIENT.update(false, on_behalf_of: name)
      end
    rescue SgOpenTracking::OpenTrackingError
      good = false
    end
    tell("ended", [Process.clock_gettime(Process::CLOCK_MONOTONIC) - start, good].to_json)
  end

  private

  def tell(list, what)
    Sidekiq.redis { |redis| redis.rpush(list, what) }
  end
end
