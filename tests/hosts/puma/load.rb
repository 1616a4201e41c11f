# frozen_string_literal: true

# Starts Puma as its users do, and drives it: load, phased restart and stop, both under load.

require "socket"
require "tmpdir"
require "host_process"

# One server, with its application loaded before the fork or in each worker.
class Server
  include HostProcess

  QUERIES = %w[
    name=subuser-00001 name=subuser-00002&kind=update name=subuser-00003&kind=many name=fault-once-503
    name=fault-once-429 name=fault-status-503 name=subuser-00004 name=nobody name=fault-silent&limit=0.05
    name=subuser-00005
  ].freeze

  # What the application answers: 502 for a call that failed.
  ANSWERS = [200, 502].freeze

  def initialize(directory, preload:)
    @socket = "#{directory}/#{preload}.socket"
    @log = "#{directory}/#{preload}.log"
    settings = { "HOST_SOCKET" => @socket, "HOST_PRELOAD" => preload }
    @master = started(settings, "puma", "-C", "#{__dir__}/puma.rb", "#{__dir__}/config.ru", %i[out err] => @log)
    await("Puma listens") { workers.length == 2 }
  end

  # Those that serve.
  def workers
    children(@master) & File.read(@log).scan(/Worker \d \(PID: (\d+)\) booted/).flatten.map(&:to_i)
  end

  def processes
    [@master, *children(@master)]
  end

  # The status; 0 if there was no answer.
  def get(query)
    UNIXSocket.open(@socket) do |socket|
      socket.write("GET /?#{query} HTTP/1.0\r\n\r\n")
      socket.read[%r{\AHTTP/1.. (\d+)}, 1].to_i
    end
  rescue SystemCallError
    0
  end

  # By 8 threads, until so many requests were made or the block, which is told each status, says that it is over.
  def load(count)
    numbers = Queue.new((0...count).to_a).close
    threads = Array.new(8) do
      Thread.new do
        while (number = numbers.pop)
          status = nil
          took = seconds { status = get(QUERIES[number % QUERIES.length]) }
          break if block_given? && yield(status)

          check(ANSWERS.include?(status) && took < 10, "#{status} after #{took} s:\n#{File.read(@log)}")
          count(took, status == 200)
        end
      end
    end
    threads.each { |thread| thread.report_on_exception = false }.each(&:join)
  end

  def silent_requests
    Array.new(4) { Thread.new { get("name=fault-silent") } }.tap { get("name=fault-delay-200") }
  end

  def phased_restart
    old = workers
    silent_requests
    Process.kill("USR1", @master)
    load(100_000) { |status| status.positive? && (workers - old).length == 2 && (children(@master) & old).empty? }
    check(get("name=subuser-00001") == 200, "the new workers do not answer")
  end

  def stop
    silent_requests
    other = Thread.new { load(100_000) { |status| !ANSWERS.include?(status) } }
    serving = workers
    took = seconds do
      Process.kill("TERM", @master)
      Process.wait(@master)
    end
    check(took < 15, "the end took #{took} s:\n#{File.read(@log)}")
    check(serving.none? { |worker| alive?(worker) }, "a worker is left")
    other.join
    took
  end
end

include HostProcess

Dir.mktmpdir do |directory|
  preloaded = Server.new(directory, preload: "yes")
  preloaded.load(1_500)
  before = resident_kib(*preloaded.processes)
  opened = descriptors(*preloaded.processes)
  3.times { preloaded.load(800) }
  after = resident_kib(*preloaded.processes)
  await("descriptors are closed") { descriptors(*preloaded.processes) <= opened + 8 }
  check(after - before < 16 * 1024, "the resident set went from #{before} to #{after} KB")
  puts format("  stop with silent calls: %.1f s", preloaded.stop)

  phased = Server.new(directory, preload: "no")
  phased.load(200)
  2.times { phased.phased_restart }
  phased.stop
  report("puma", `puma --version`[/[\d.]+/], before, after)
end
