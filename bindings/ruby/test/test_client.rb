# frozen_string_literal: true

require_relative "helper"

# What is Ruby's own in a client; the rest is in the conformance table.
class TestClient < Minitest::Test
  include Sandbox

  def test_a_result_tells_all
    result = client { |client| client.update(false, on_behalf_of: "subuser-00005") }
    assert_equal([false, 200, 1, nil], [result.enabled?, result.http_status, result.attempts, result.retry_after])
    assert_includes(0.0..10.0, result.elapsed)
    assert_predicate(result, :frozen?)
  end

  def test_every_option_is_taken
    options = {
      timeout: 5, connect_timeout: 2.5, max_retries: 1, max_connections: 2, requests_per_minute: 6000, user_agent: "tests/1"
    }
    assert_equal(200, client(**options, ca_file: Pathname(ENV.fetch("SANDBOX_CA_FILE"))) { |client| client.get.http_status })
  end

  def test_a_single_call_takes_options_and_the_environment
    [false, true].each do |enabled|
      assert_equal(enabled, SgOpenTracking.update(KEY, enabled, on_behalf_of: "subuser-00011"))
      assert_equal(enabled, SgOpenTracking.get(KEY, region: :global, on_behalf_of: "subuser-00011"))
    end
    error = assert_raises(SgOpenTracking::CallTimeoutError) do
      SgOpenTracking.get(KEY, on_behalf_of: "fault-silent", timeout: 0.2)
    end
    assert_includes(0.2..5.0, error.elapsed)
    error = assert_raises(SgOpenTracking::NotFoundError) { SgOpenTracking.update(KEY, true, on_behalf_of: "nobody") }
    assert_equal([404, 1], [error.http_status, error.attempts])
    assert_match(/not found/, error.message)
  end

  def test_symbols_are_names
    client { |client| assert_equal(200, client.get(on_behalf_of: :"subuser-00001").http_status) }
    eu = { base_url: ENV.fetch("SANDBOX_EU_URL"), ca_file: ENV.fetch("SANDBOX_CA_FILE"), proxy: "" }
    SgOpenTracking::Client.open(ENV.fetch("SANDBOX_EU_KEY"), region: :eu, **eu) do |client|
      assert_equal("#<SgOpenTracking::Client region=EU>", client.inspect)
      assert_equal(200, client.get.http_status)
    end
    error = assert_raises(SgOpenTracking::InvalidArgumentError) { client(region: :us) }
    assert_equal("region must be :global or :eu, not :us", error.message)
  end

  def test_a_client_has_no_second_owner
    client do |client|
      [-> { client.dup }, -> { client.clone }, -> { Marshal.dump(client) }].each do |copying|
        assert_match(/can't be/, assert_raises(TypeError, &copying).message)
      end
      assert_equal(200, client.get.http_status)
    end
  end

  def test_a_frozen_client_works
    client do |client|
      assert_equal(200, client.freeze.get.http_status)
      client.cancel
      assert_raises(SgOpenTracking::CancelledError) { client.get }
    end
  end

  def test_an_error_tells_all
    error = assert_raises(SgOpenTracking::RateLimitedError) do
      client(timeout: 0.5) { |client| client.get(on_behalf_of: "fault-status-429-retry-after-1") }
    end
    assert_kind_of(SgOpenTracking::ApiError, error)
    assert_equal([429, 1, 1.0, nil], [error.http_status, error.attempts, error.retry_after, error.enabled])
    assert_operator(error.elapsed, :>, 0)
    error = assert_raises(SgOpenTracking::NotAppliedError) do
      client { |client| client.update(false, on_behalf_of: "fault-not-applied") }
    end
    assert_equal(true, error.enabled)
  end

  def test_a_bad_key_is_refused_and_not_shown
    ["SG.secret \0", "SG.secret with a space", "SG.secret \xff", "SG.secret \xff".b].each do |key|
      [-> { SgOpenTracking::Client.new(key) }, -> { SgOpenTracking.get(key) }].each do |attempt|
        error = assert_raises(SgOpenTracking::InvalidArgumentError, &attempt)
        assert_match(/\Akey must /, error.message)
        refute_includes(error.full_message, "secret")
        assert_nil(error.cause)
      end
    end
  end

  def test_text_of_another_encoding_is_converted
    assert_equal(200, client { |client| client.get(on_behalf_of: "subuser-00001".encode(Encoding::UTF_16LE)).http_status })
  end

  def test_an_option_that_is_refused_is_named_with_its_range
    [
      ["max_connections must be 1 to 1024", { max_connections: 1025 }],
      ["max_retries must be 0 to 4294967295", { max_retries: -1 }],
      ["timeout must be more than 0 and at most 4294967 seconds", { timeout: Float::NAN }],
      ["timeout must be more than 0 and at most 4294967 seconds", { timeout: -1 }]
    ].each do |message, options|
      assert_equal(message, assert_raises(SgOpenTracking::InvalidArgumentError) { client(**options) }.message)
    end
  end

  def test_what_is_no_boolean_is_not_taken_for_true
    client do |client|
      ["off", 0, 1, nil].each { |enabled| assert_raises(TypeError) { client.update(enabled) } }
    end
    assert_raises(TypeError) { client(max_retries: 1.5) }
    assert_raises(TypeError) { SgOpenTracking::Client.new(nil) }
  end

  def test_inspect_shows_the_region_and_no_key
    client = client()
    assert_equal("#<SgOpenTracking::Client region=GLOBAL>", client.inspect)
    client.close
    assert_equal("#<SgOpenTracking::Client region=GLOBAL closed>", client.to_s)
    assert_raises(TypeError) { client.dup }
  end

  def test_the_block_closes_whatever_ends_it
    kept = nil
    assert_equal(:value, client { |client| kept = client; break :value })
    assert_predicate(kept, :closed?)
    assert_raises(IOError) { client { |client| kept = client; raise IOError } }
    assert_raises(SgOpenTracking::ClosedError) { kept.get }
    client { |client| client.derive(timeout: 1) { |derived| kept = derived } }
    assert_predicate(kept, :closed?)
  end

  def test_close_may_race_with_calls
    20.times do
      client = client()
      users = Array.new(4) do
        Thread.new do
          loop { client.get }
        rescue SgOpenTracking::ClosedError, SgOpenTracking::CancelledError
          :over
        end
      end
      client.get(on_behalf_of: "fault-delay-10")
      other = Thread.new { client.close }
      client.close
      other.join
      assert_equal([:over] * 4, users.map(&:value))
    end
  end

  def test_a_forgotten_client_is_freed
    out, error, = ruby("-I#{PACKAGE}/lib", "-e", <<~PROGRAM)
      require "sg_open_tracking"
      freed = 0
      counted = Module.new do
        define_method(:sg_client_free) do |client|
          freed += 1
          super(client)
        end
      end
      SgOpenTracking.send(:const_get, :Native).singleton_class.prepend(counted)
      100.times { SgOpenTracking::Client.new("SG.key") }
      GC.start
      puts freed > 50
    PROGRAM
    assert_equal(["true\n", ""], [out, error])
  end

  def test_an_interrupted_close_frees_once
    out, error, = ruby("-I#{PACKAGE}/lib", "-e", <<~PROGRAM)
      require "sg_open_tracking"
      freed = []
      interrupted = Module.new do
        define_method(:sg_client_free) do |client|
          freed.push(client)
          super(client)
          raise Interrupt
        end
      end
      SgOpenTracking.send(:const_get, :Native).singleton_class.prepend(interrupted)
      client = SgOpenTracking::Client.new("SG.key")
      begin
        client.close
      rescue Interrupt
        client.close
      end
      puts freed.length
    PROGRAM
    assert_equal(["1\n", ""], [out, error])
  end

  # The GVL: fiddle releases it, so other threads run during a call ...
  def test_other_threads_run_during_a_call
    counted = 0
    counter = Thread.new { loop { counted += 1 } }
    during = client do |client|
      client.get
      before = counted
      client.get(on_behalf_of: "fault-delay-300")
      counted - before
    end
    counter.kill
    assert_operator(during, :>, 100_000)
  end

  # ... and what ends its own thread, or its wait, ends it.
  def test_what_interrupts_a_thread_cuts_its_call_off
    client(timeout: 30) do |client|
      before = Thread.list.length
      [:kill, [:raise, IOError], [:raise, Exception]].each do |interruption|
        caller = silent_call(client)
        assert_operator(seconds { caller.public_send(*interruption); over(caller) }, :<, 5)
        assert_operator(Thread.list.length, :<=, before)
      end
      took = seconds do
        assert_raises(Timeout::Error) { Timeout.timeout(0.5) { client.get(on_behalf_of: "fault-silent") } }
        assert_raises(Timeout::Error) { Timeout.timeout(0.5) { client.get_many(["fault-silent"]).first } }
        assert_raises(Timeout::Error) { Timeout.timeout(0.5) { SgOpenTracking.get(KEY, on_behalf_of: "fault-silent") } }
      end
      assert_includes(1.5..6, took)
      assert_equal(200, client.get.http_status)
    end
  end

  # Wherever in the library it comes.
  def test_no_interrupt_is_lost
    caller = Thread.current
    client do |client|
      last = (1..).find do |moment|
        called = 0
        interruption = TracePoint.new(:c_call) do
          raise Interrupt if Thread.current == caller && (called += 1) == moment
        end
        interruption.enable { client.get }
        assert_operator(called, :<, moment, "an interrupt was lost")
      rescue Interrupt
        false
      end
      assert_operator(last, :>, 20)
    end
  end

  def test_an_interrupt_that_is_put_off_waits_for_the_call
    client do |client|
      caller = Thread.new do
        Thread.handle_interrupt(IOError => :never) do
          Thread.current[:status] = client.get(on_behalf_of: "fault-delay-300").http_status
        end
      end
      client.get(on_behalf_of: "fault-delay-100")
      caller.raise(IOError)
      caller.report_on_exception = false
      assert_raises(IOError) { caller.join }
      assert_equal(200, caller[:status])
    end
  end

  def test_killing_the_thread_of_a_call_does_no_harm
    client do |client|
      before = Thread.list
      caller = Thread.new { client.get(on_behalf_of: "fault-delay-300").http_status }
      client.get(on_behalf_of: "fault-delay-100")
      (Thread.list - before - [caller]).each(&:kill)
      assert_equal(200, caller.value)
    end
  end

  def test_the_end_of_the_program_cuts_calls_off
    { "sleep" => "TERM", "client.get(on_behalf_of: 'fault-silent')" => "INT", "exit" => nil }.each do |last, signal|
      program = <<~PROGRAM
        Signal.trap("INT", "DEFAULT") # it is ignored by whatever was started in the background
        require "#{PACKAGE}/lib/sg_open_tracking"
        client = SgOpenTracking::Client.new(ENV.fetch("SENDGRID_API_KEY"))
        5.times { Thread.new { client.get(on_behalf_of: "fault-silent") } }
        client.get(on_behalf_of: "fault-delay-100")
        puts "under way"
        $stdout.flush
        #{last}
      PROGRAM
      IO.popen([RbConfig.ruby, "-e", program], err: File::NULL) do |child|
        assert_equal("under way\n", child.gets)
        took = seconds do
          Process.kill(signal, child.pid) if signal
          assert_nil(child.gets)
        end
        assert_operator(took, :<, 5)
      end
    end
  end

  # Where its thread puts off being killed, the binding's own at_exit is all that ends it.
  def test_a_call_that_begins_while_the_program_ends_is_cut_off
    program = <<~PROGRAM
      ending = Queue.new
      at_exit { ending.push(true) && sleep(0.2) }
      require "#{PACKAGE}/lib/sg_open_tracking"
      client = SgOpenTracking::Client.new(ENV.fetch("SENDGRID_API_KEY"))
      Thread.new do
        Thread.handle_interrupt(Object => :never) do
          ending.pop
          client.get(on_behalf_of: "fault-silent")
        rescue SgOpenTracking::CancelledError
          $stdout.syswrite("cut off\n")
        end
      end
    PROGRAM
    out, error, = nil
    took = seconds { out, error, = ruby("-e", program) }
    assert_equal(["cut off\n", ""], [out, error])
    assert_operator(took, :<, 5)
  end

  def test_other_ractors_are_refused
    out, error, = ruby("-W:no-experimental", "-I#{PACKAGE}/lib", "-e", <<~PROGRAM)
      require "sg_open_tracking"
      puts Ractor.new { SgOpenTracking.library_version }.take
      client = SgOpenTracking::Client.new("SG.key")
      [
        -> { Ractor.new { SgOpenTracking::Client.new("SG.key") }.take },
        -> { Ractor.new { SgOpenTracking.get("SG.key") }.take },
        -> { Ractor.new(client, &:get).take }
      ].each do |use|
        use.call
      rescue Ractor::RemoteError => error
        puts error.cause.message
      rescue StandardError => error
        puts error.message
      end
    PROGRAM
    refused = "fiddle calls the library from the main Ractor alone: make clients and calls there"
    wanted = [SgOpenTracking.library_version, refused, refused, "a client can't be copied: derive one"]
    assert_equal(wanted, out.lines(chomp: true))
    refute_includes(out + error, "SG.key")
  end

  def test_a_signal_handler_may_cancel
    client do |client|
      old = Signal.trap("USR1") { Thread.new { client.cancel } }
      caller = silent_call(client)
      Process.kill("USR1", Process.pid)
      assert_raises(SgOpenTracking::CancelledError) { caller.join }
    ensure
      Signal.trap("USR1", old)
    end
  end

  def test_fork
    client do |client|
      client.get
      child = fork { exit!(client.update(true).enabled? ? 0 : 1) }
      Process.wait(child)
      assert_predicate($?, :success?)
      assert_predicate(client.get, :enabled?)
    end
  end

  private

  def over(thread)
    thread.join
  rescue Exception
    nil
  end

  # A thread in a call that no reply would end.
  def silent_call(client)
    caller = Thread.new { client.get(on_behalf_of: "fault-silent") }
    caller.report_on_exception = false
    client.get(on_behalf_of: "fault-delay-100")
    caller
  end
end
