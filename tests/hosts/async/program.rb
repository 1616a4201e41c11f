# frozen_string_literal: true

# Fibers of one thread, with a scheduler: calls at once, with faults among them, timeouts, and a stop.

require "async"
require "host_process"
require "sg_open_tracking"

include HostProcess

NAMES = %w[
  subuser-00001 subuser-00002 fault-once-503 fault-once-429 fault-close fault-silent subuser-00003 nobody
].freeze

def open_client(&block)
  sandbox = { base_url: ENV.fetch("SANDBOX_URL"), ca_file: ENV.fetch("SANDBOX_CA_FILE"), proxy: "" }
  SgOpenTracking::Client.open(ENV.fetch("SANDBOX_KEY"), **sandbox, max_retries: 1, max_connections: 64, &block)
end

# 100 calls of 0.3 s, beside a fiber that ticks.
def calls_at_once(client)
  ticks = 0
  took = seconds do
    Sync do |task|
      calls = Array.new(100) { task.async { client.get(on_behalf_of: "fault-delay-300") } }
      ticking = task.async do |other|
        loop do
          other.sleep(0.01)
          ticks += 1
        end
      end
      calls.each(&:wait)
      ticking.stop
    end
  end
  check(took < 10, "100 calls of 0.3 s took #{took} s")
  check(ticks > 5, "the other fiber ran #{ticks} times")
  puts format("  100 calls of 0.3 s at once: %.1f s, another fiber ran %d times", took, ticks)
end

def load(client, count)
  Sync do |task|
    fibers = Array.new(32) do |fiber|
      task.async do
        (count / 32).times do |number|
          good = true
          took = seconds do
            task.with_timeout(0.1) { client.update(true, on_behalf_of: NAMES[(fiber + number) % NAMES.length]) }
          rescue SgOpenTracking::OpenTrackingError, Async::TimeoutError
            good = false
          end
          count(took, good)
        end
      end
    end
    fibers.each(&:wait)
  end
end

# A task that is stopped cuts off its call.
def stop(client)
  took = seconds do
    Sync do |task|
      calls = Array.new(20) { task.async { client.get(on_behalf_of: "fault-silent") } }
      client.get(on_behalf_of: "fault-delay-100")
      calls.each(&:stop)
    end
  end
  check(took < 10, "the stop took #{took} s")
  await("the threads of the calls end") { Thread.list.length == 1 }
end

open_client do |client|
  client.get
  calls_at_once(client)
  load(client, 2_000)
  before = resident_kib(Process.pid)
  opened = descriptors(Process.pid)
  3.times do
    load(client, 1_000)
    stop(client)
  end
  after = resident_kib(Process.pid)
  check(after - before < 16 * 1024, "the resident set went from #{before} to #{after} KB")
  check(descriptors(Process.pid) <= opened + 64, "#{opened} descriptors became #{descriptors(Process.pid)}")
  report("async", Async::VERSION, before, after)
end
