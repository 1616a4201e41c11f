# frozen_string_literal: true

# For the hosts in Ruby: what processes have, what was asked of them, and the line that says so.
module HostProcess
  TOOK = []
  FAILED = []

  module_function

  def check(holds, otherwise)
    raise otherwise unless holds
  end

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  def await(what, seconds = 60)
    limit = now + seconds
    until yield
      check(now < limit, "it did not happen within #{seconds} s: #{what}")
      sleep 0.05
    end
  end

  def seconds
    start = now
    yield
    now - start
  end

  # A request that took so many seconds.
  def count(took, good)
    TOOK.push(took)
    FAILED.push(took) unless good
  end

  # A process that ends with this one, at the latest.
  def started(*command, **options)
    spawn(*command, **options, pgroup: true).tap do |process|
      at_exit do
        Process.kill("KILL", -process)
      rescue Errno::ESRCH
        nil # it has ended
      end
    end
  end

  def alive?(process)
    !File.read("/proc/#{process}/stat").include?(") Z ")
  rescue Errno::ENOENT, Errno::ESRCH
    false
  end

  def children(process)
    File.read("/proc/#{process}/task/#{process}/children").split.map(&:to_i)
  end

  def resident_kib(*processes)
    processes.sum { |process| File.read("/proc/#{process}/status")[/VmRSS:\s*(\d+)/, 1].to_i }
  end

  def descriptors(*processes)
    processes.sum { |process| Dir.children("/proc/#{process}/fd").length }
  end

  def threads(*processes)
    processes.sum { |process| Dir.children("/proc/#{process}/task").length }
  end

  def report(host, version, before, after)
    p99 = TOOK.sort[TOOK.length * 99 / 100] * 1000
    puts format("%s %s: requests=%d failures=%d p99=%.1fms memory=%d..%dKB", host, version, TOOK.length, FAILED.length,
                p99, before, after)
  end
end
