# frozen_string_literal: true

# Runs tests/conformance/cases.json, and the scenarios that its README names, on this package.
#
#     tests/conformance/run.sh ruby bindings/ruby/test/conformance.rb

require "json"
require "set"
require_relative "../lib/sg_open_tracking"

# The scenarios; each raises if it does not hold.
module Conformance
  include SgOpenTracking
  include SgOpenTracking::Code

  # Seconds that a call which was cut off may take; on its own it would take 30.
  BOUNDED = 5

  module_function

  def resolved(value)
    value.is_a?(String) && value.start_with?("$") ? ENV.fetch(value.delete_prefix("$")) : value
  end

  def normal(text)
    text.downcase.delete("_")
  end

  def client(region: Region::GLOBAL, key: nil, **options, &block)
    side = region == Region::EU ? "SANDBOX_EU" : "SANDBOX"
    given = {
      base_url: "$#{side}_URL", ca_file: "$SANDBOX_CA_FILE", proxy: "", timeout_ms: 10_000, max_retries: 0, **options
    }
    given = given.to_h do |name, value|
      name.end_with?("_ms") ? [name.to_s.delete_suffix("_ms").to_sym, value / 1000r] : [name, resolved(value)]
    end
    Client.open(key || ENV.fetch("#{side}_KEY"), region: region, **given, &block)
  end

  # Nil, or what was not as expected.
  def run_case(tried)
    region = { "global" => Region::GLOBAL, "eu" => Region::EU }.fetch(tried[:region] || "global", tried[:region])
    key = resolved(tried[:key] || (region == Region::EU ? "$SANDBOX_EU_KEY" : "$SANDBOX_KEY"))
    seen = call(tried, key, region)
    return "a client was made" if seen.nil?
    return "the message holds the key" if key.length > 1 && seen[:message].include?(key)

    expect = tried[:expect]
    wrong = expect.except(:message_part).filter_map do |member, wanted|
      "#{member}: #{seen[member].inspect}, not #{wanted.inspect}" unless seen[member] == wanted
    end
    part = expect.fetch(:message_part, "")
    wrong << "message: #{seen[:message].inspect} without #{part.inspect}" unless normal(seen[:message]).include?(normal(part))
    wrong << "no message" if seen[:code] != "OK" && seen[:message].empty?
    wrong.empty? ? nil : wrong.join("; ")
  end

  def call(tried, key, region)
    name = tried[:on_behalf_of]
    case tried[:call]
    when "one_shot_update"
      { code: "OK", message: "", enabled: SgOpenTracking.update(key, tried[:enabled], region: region, on_behalf_of: name) }
    when "one_shot_get"
      { code: "OK", message: "", enabled: SgOpenTracking.get(key, region: region, on_behalf_of: name) }
    else
      client(region: region, key: key, **tried.fetch(:options, {})) do |client|
        case tried[:call]
        when "update" then { code: "OK", message: "", **client.update(tried[:enabled], on_behalf_of: name).to_h }
        when "get" then { code: "OK", message: "", **client.get(on_behalf_of: name).to_h }
        end
      end
    end
  rescue OpenTrackingError => error
    {
      code: name_of(error.code), http_status: error.http_status, attempts: error.attempts, enabled: error.enabled,
      retry_after_ms: error.retry_after ? (error.retry_after * 1000).round : -1, message: error.message
    }
  end

  def name_of(code)
    Code.constants.find { |name| Code.const_get(name) == code }.to_s
  end

  def check(holds, otherwise)
    raise otherwise unless holds
  end

  # Checks how a call ends; returns how long it took, in seconds.
  def ends_in(code)
    started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    begin
      yield
      seen = OK
    rescue OpenTrackingError => error
      seen = error.code
    end
    check(seen == code, "the call ended in #{name_of(seen)}, not in #{name_of(code)}")
    Process.clock_gettime(Process::CLOCK_MONOTONIC) - started
  end

  # A call that no reply would end is ended by the block, from another thread.
  def in_flight(opened, silent = -> { opened.get(on_behalf_of: "fault-silent") })
    client do |other|
      thread = Thread.new do
        other.get(on_behalf_of: "fault-delay-100")
        yield
      end
      took = ends_in(CANCELLED, &silent)
      thread.join
      check(took < BOUNDED, "it took #{took} s")
    end
  end

  def cancel
    client(timeout_ms: 30_000) do |origin|
      origin.derive do |derived|
        in_flight(derived) { derived.cancel }
        ends_in(CANCELLED) { derived.get }
        origin.get
      end
    end
  end

  def close
    opened = client(timeout_ms: 30_000)
    in_flight(opened) { opened.close }
    opened.close
    opened.cancel
    ends_in(ARGUMENT) { opened.get }
    ends_in(ARGUMENT) { opened.update(false) }
    ends_in(ARGUMENT) { opened.derive }
  end

  def derive
    origin = client(timeout_ms: 30_000)
    origin.derive do |kept|
      origin.derive(timeout: 0.15) do |hasty|
        took = ends_in(TIMEOUT) { hasty.get(on_behalf_of: "fault-silent") }
        check(took < BOUNDED, "it took #{took} s")
      end
      origin.close
      kept.get
    end
  end

  def threads
    client do |client|
      workers = Array.new(8) do |number|
        Thread.new do
          name = "subuser-0001#{number}"
          25.times do |turn|
            check(client.update(turn.even?, on_behalf_of: name).enabled == turn.even?, "the update")
            check(client.get(on_behalf_of: name).enabled == turn.even?, "the reading")
          end
        end
      end
      workers.each { |worker| worker.report_on_exception = false }.each(&:join)
    end
  end

  # Ruby's idiom is a thread a call, which runs beside the others since fiddle releases the GVL.
  def asynchronous
    client do |client|
      counted = 0
      calls = Array.new(4) { Thread.new { client.get(on_behalf_of: "fault-delay-200") } }
      counted += 1 while calls.any?(&:alive?)
      calls.each(&:join)
      check(counted > 1_000, "the thread stood still: it counted to #{counted}")
    end
  end

  SUBUSERS = (1..25).map { |number| format("subuser-%05d", number) }

  def fleet
    client do |client|
      check(client.list_subusers.sort == SUBUSERS, "the list holds others")
      updated = client.update_many(false, [*SUBUSERS, "nobody"]).sort_by(&:index)
      check(updated.map(&:name) == [*SUBUSERS, "nobody"], "the update reports others")
      check(updated.first(25).all? { |item| item.result.enabled == false }, "one is on")
      check(updated.last.error.code == NOT_FOUND, "nobody was found")
      read = client.get_many(SUBUSERS).to_a
      check(read.length == 25 && read.all? { |item| item.result.enabled == false }, "one reads on")

      check(client.get_many(SUBUSERS.first(1) * 1_000).first.error.nil?, "the first failed")
      check(client.list_subusers.first.start_with?("subuser-"), "the first is another")
      client(key: "SG.wrong") do |wrong|
        ends_in(UNAUTHORIZED) { wrong.update_many(false, SUBUSERS.first(10)).to_a }
      end
      in_flight(client, -> { client.get_many(["fault-silent"]).to_a }) { client.cancel }
    end
  end

  NO_MORE = Class.new(StandardError)
  NAMES = %w[subuser-00001 subuser-00002 subuser-00001].freeze
  SEQUENCES = {
    "repeated" => NAMES, "set" => NAMES.to_set, "generator" => NAMES.each.lazy, "endless" => NAMES.cycle.lazy,
    "throws" => NAMES.each + Enumerator.new { raise NO_MORE, "no more" }
  }.freeze

  # The calls for many, given a sequence of this kind: each name that it gives is done once.
  def sequence(kind)
    done = []
    client do |client|
      client.get_many(SEQUENCES.fetch(kind)) do |item|
        raise item.error if item.error

        done.push(item.name)
        break if kind == "endless" && done.length == 3
      end
      check(kind != "throws", "nothing was raised")
    rescue NO_MORE
      check(kind == "throws", "there was more")
    end
    # Of one that is endless, those that happened to be first.
    check(kind == "endless" ? done.length == 3 : done.sort == SEQUENCES.fetch(kind).first(3).sort, done.join(" "))
  end

  # Keeps each line as its level and its keys.
  class Recorder
    attr_reader :lines

    def initialize
      @lines = []
    end

    %i[debug info warn error].each do |level|
      define_method(level) do |line|
        (_, event), *others = line.scan(/(\w+)=("(?:[^"\\]|\\.)*"|\S*)/)
        @lines.push("#{level} #{event}: #{others.map(&:first).join(" ")}")
      end
    end
  end

  def log(tried)
    recorder = Recorder.new
    client(max_retries: 2, logger: recorder) do |client|
      client.get(on_behalf_of: "subuser-00001")
      recorder.lines.clear
      client.get(on_behalf_of: tried[:on_behalf_of])
    end
    check(recorder.lines == tried[:expect_log], recorder.lines.join("\n"))
  end

  def resident_kib
    GC.start
    File.read("/proc/self/status")[/VmRSS:\s*(\d+)/, 1].to_i
  end

  def calls(client, count)
    count.times do |number|
      case number % 10
      when 0 then ends_in(ARGUMENT) { client.get(on_behalf_of: "\n") }
      when 1 then ends_in(NOT_FOUND) { client.get(on_behalf_of: "nobody") }
      when 3, 5, 7, 9 then client.update((number % 3).zero?)
      else client.derive(&:get)
      end
    end
  end

  def memory
    client do |client|
      calls(client, 2_000)
      before = resident_kib
      calls(client, 10_000)
      grown = resident_kib - before
      puts format("  memory: %+d KiB over 10,000 calls", grown)
      check(grown < 2_048, "#{grown} KiB more")
    end
  end

  def constants
    header = File.read(ENV.fetch("CONFORMANCE_HEADER"))
    { Code => /\bSG_(?:ERR_)?(?!REGION_|LOG_)(\w+) = (\d+)/, Region => /\bSG_REGION_(\w+) = (\d+)/ }.each do |ours, pattern|
      wanted = header.scan(pattern).to_h { |name, value| [name.to_sym, value.to_i] }
      seen = ours.constants.to_h { |name| [name, ours.const_get(name)] }
      check(seen == wanted, "#{seen}, not #{wanted}")
    end
  end

  def secret
    client do |client|
      [client.inspect, client.to_s, client.instance_variables.map { |name| client.instance_variable_get(name).inspect }.join].each do |text|
        check(!text.include?(ENV.fetch("SANDBOX_KEY")), "it shows the key")
      end
    end
  end

  # Nil, or what was wrong.
  def wrong_in
    yield
    nil
  rescue StandardError => failure
    "#{failure.class}: #{failure.message}"
  end

  def main
    cases = JSON.parse(File.read(ENV.fetch("CONFORMANCE_CASES")), symbolize_names: true)
    outcomes = cases.to_h do |tried|
      wrong =
        case tried[:scenario]
        when "sequence" then wrong_in { sequence(tried[:sequence]) }
        when "log" then wrong_in { log(tried) }
        else run_case(tried)
        end
      [tried[:name], wrong]
    end
    %i[cancel close derive threads asynchronous fleet memory constants secret].each do |scenario|
      outcomes[scenario] = wrong_in { send(scenario) }
    end
    failed = outcomes.compact
    failed.each { |name, wrong| puts "FAILED #{name}: #{wrong}" }
    puts "ruby #{RUBY_VERSION}: #{outcomes.length - failed.length} passed, #{failed.length} failed"
    failed.empty?
  end
end

exit(Conformance.main)
