# frozen_string_literal: true

# Starts Redis and Sidekiq as their users do, and gives them jobs; TERM amid silent calls, and a restart.

require "tmpdir"
require "host_process"

include HostProcess

NAMES = %w[
  subuser-00001 subuser-00002 fault-once-503 fault-once-429 fault-status-503 subuser-00003 nobody subuser-00004
].freeze

def start(log)
  started("sidekiq", "-r", "#{__dir__}/jobs.rb", "-c", "10", "-t", "2", "-e", "production", %i[out err] => [log, "a"])
end

# The next thing that a job tells.
def next_in(list)
  _, told = Sidekiq.redis { |redis| redis.blpop(list, timeout: 60) }
  check(told, "nothing came in the list #{list} within 60 s")
  told
end

def queued
  Sidekiq.redis { |redis| redis.llen("queue:default") }
end

def load(jobs)
  jobs.times { |number| Switch.perform_async(NAMES[number % NAMES.length], (number % 10).zero?) }
  jobs.times do
    next_in("begun")
    count(*JSON.parse(next_in("ended")))
  end
end

# Each of these is silent the first time alone.
def cut_off_by_term(sidekiq, turn)
  10.times { |number| Switch.perform_async("fault-once-silent-#{turn}-#{number}", number.odd?) }
  10.times { next_in("begun") }
  CLIENT.get(on_behalf_of: "fault-delay-200")
  took = seconds do
    Process.kill("TERM", sidekiq)
    Process.wait(sidekiq)
  end
  puts format("  TERM amid 10 silent calls, with a timeout of 2 s: %.1f s", took)
  check(took < 12, "the end took #{took} s")
  check(queued == 10, "#{queued} of 10 jobs are queued again")
end

Dir.mktmpdir do |directory|
  ENV["HOST_SOCKET"] = "#{directory}/redis.socket"
  started("redis-server", "--port", "0", "--unixsocket", ENV.fetch("HOST_SOCKET"), "--dir", directory, "--save", "",
          out: File::NULL)
  await("Redis listens") { File.exist?(ENV.fetch("HOST_SOCKET")) }
  require_relative "jobs"

  log = "#{directory}/sidekiq.log"
  sidekiq = start(log)
  load(1_000)
  before = resident_kib(sidekiq)
  opened = descriptors(sidekiq)
  3.times { load(600) }
  after = resident_kib(sidekiq)
  check(after - before < 16 * 1024, "the resident set went from #{before} to #{after} KB")
  await("descriptors are closed") { descriptors(sidekiq) <= opened + 8 }
  await("the threads of the calls end") { threads(sidekiq) < 20 }

  2.times do |turn|
    cut_off_by_term(sidekiq, turn)
    sidekiq = start(log)
    10.times { next_in("begun") && next_in("ended") }
    check(queued.zero?, "the next process left jobs")
  end
  Process.kill("TERM", sidekiq)
  Process.wait(sidekiq)
  report("sidekiq", Sidekiq::VERSION, before, after)
rescue StandardError
  puts File.read(log).lines.last(50) if log
  raise
end
