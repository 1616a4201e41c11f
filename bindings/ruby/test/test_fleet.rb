# frozen_string_literal: true

require_relative "helper"

# The calls for many: what a block may do in them. What they report is in the conformance table.
class TestFleet < Minitest::Test
  include Sandbox

  # The second of each pair would hold the rest up for 10 s.
  SLOW = (1..25).flat_map { |number| [format("subuser-%05d", number), "fault-silent"] }

  def threads
    Thread.list.length
  end

  # Waits until what other threads bring about holds, or for so long.
  def over_by(seconds)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
    Thread.pass until yield || Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
  end

  def test_a_break_cuts_off_the_rest
    client do |client|
      before = threads
      took = seconds do
        assert_equal(:value, client.get_many(SLOW) { |item| break :value if item.result })
      end
      assert_operator(took, :<, 5)
      assert_equal(before, threads)
      assert_equal(200, client.get.http_status)
    end
  end

  def test_what_the_block_raises_arrives
    client do |client|
      error = assert_raises(IOError) { client.get_many(SLOW) { raise IOError, "mine" } }
      assert_equal("mine", error.message)
      assert_equal(:thrown, catch(:tag) { client.list_subusers { throw :tag, :thrown } })
    end
  end

  def test_the_block_may_call
    client do |client|
      names = client.list_subusers.first(5)
      client.update_many(true, names) { |item| assert_predicate(client.get(on_behalf_of: item.name), :enabled?) }
    end
  end

  def test_an_item_is_frozen_and_tells_all
    client do |client|
      items = client.get_many(["subuser-00001", "", "fault-unicode-message"]).sort_by(&:index)
      assert(items.all?(&:frozen?))
      assert_equal([200, nil], [items[0].result.http_status, items[0].error])
      assert_kind_of(SgOpenTracking::InvalidArgumentError, items[1].error)
      assert_includes(items[2].error.message, "権限がありません")
      assert_empty(client.get_many([]).to_a)
      assert_same(client, client.get_many([]) { flunk })
    end
  end

  def test_a_bad_name_is_refused_before_anything_is_sent
    client do |client|
      assert_raises(SgOpenTracking::InvalidArgumentError) { client.get_many(["subuser-00001", "a\0b"]) { flunk } }
      assert_raises(TypeError) { client.get_many([nil]) { flunk } }
      assert_raises(TypeError) { client.update_many("off", []) { flunk } }
    end
  end

  def test_names_are_read_a_lot_at_a_time_in_the_readers_thread
    read = 0
    readers = []
    names = (1..2_500).each.lazy.map do |number|
      read += 1
      readers |= [Thread.current]
      format("subuser-%05d", (number % 25) + 1)
    end
    client do |client|
      client.get_many(names) do |item|
        assert_includes([1_000, 2_000, 2_500], read)
        assert_operator(item.index, :<, read)
      end
      assert_equal((0...2_500).to_a, client.get_many(names).map(&:index).sort)
    end
    assert_equal([Thread.current], readers)
  end

  # Here by an external enumerator, which reads in a fiber of its own.
  def test_a_sequence_that_raises_is_read_no_further
    client do |client|
      [1, 1_000, 1_001].each do |count|
        names = Enumerator.new do |given|
          count.times { given << "subuser-00001" }
          raise IOError, "no more"
        end
        items = client.get_many(names)
        assert_equal(count, Array.new(count) { items.next.result.http_status }.count(200))
        assert_equal("no more", assert_raises(IOError) { items.next }.message)
      end
      raised = 0
      names = ["subuser-00001"] * 3_000
      assert_raises(IOError) { client.get_many(names) { raise IOError if (raised += 1) == 1_000 } }
      assert_equal(1_000, raised)
    end
  end

  def test_what_is_no_sequence_is_refused
    client do |client|
      error = assert_raises(TypeError) { client.get_many("subuser-00001") { flunk } }
      assert_equal("names must have an each, which String has not", error.message)
      assert_raises(TypeError) { client.get_many({ "subuser-00001" => true }) { flunk } }
    end
  end

  def test_the_clients_close_ends_it
    client = client()
    assert_raises(SgOpenTracking::CancelledError) { client.get_many(SLOW) { client.close } }
    assert_raises(SgOpenTracking::ClosedError) { client.list_subusers { flunk } }
  end

  def test_killing_the_reader_cuts_off_the_rest
    client do |client|
      before = threads
      inside = Queue.new
      reader = Thread.new { client.get_many(SLOW) { inside.push(true) && sleep } }
      inside.pop
      assert_operator(seconds { reader.kill.join }, :<, 5)
      assert_equal(before, threads)
    end
  end

  # Wherever in what follows the first it comes.
  def test_a_second_interrupt_leaves_no_call_behind
    reader = Thread.current
    clean_up = lambda do |event|
      Thread.current == reader && event.path.start_with?("#{PACKAGE}/lib") &&
        !%i[handle_interrupt exception backtrace].include?(event.method_id) # those of the first; and what puts off the next
    end
    client(timeout: 30) do |client|
      before = threads
      last = (1..).find do |moment|
        called = nil
        second = TracePoint.new(:c_call) do |event|
          reader.raise(IOError) if called && clean_up.call(event) && (called += 1) == moment
        end
        second.enable do
          client.get_many(%w[subuser-00001 fault-silent]) do
            called = 0
            raise IOError
          end
        end
      rescue IOError
        over_by(5) { threads == before }
        assert_equal(before, threads)
        called < moment
      end
      assert_operator(last, :>, 3)
      assert_empty(client.instance_variable_get(:@under_way))
    end
  end

  def test_close_reaches_an_enumerator_that_is_left_midway
    before = threads
    client = client()
    items = client.get_many(["subuser-00001"] * 1_000)
    assert_nil(items.next.error)
    client.close
    over_by(5) { threads == before }
    assert_equal(before, threads)
  end

  # Nor one of an at_exit that comes after the binding's own.
  def test_an_enumerator_that_is_left_midway_holds_no_program_up
    load = "require '#{PACKAGE}/lib/sg_open_tracking'"
    [SLOW, ["subuser-00001"] * 1_000].product(["#{load}; %s", "at_exit { %s }; #{load}"]).each do |names, program|
      took = seconds do
        call = "puts SgOpenTracking::Client.new(ENV.fetch('SENDGRID_API_KEY')).get_many(#{names.inspect}).next.error.inspect"
        out, error, status = ruby("-e", format(program, call))
        assert_equal(["nil\n", "", true], [out, error, status.success?])
      end
      assert_operator(took, :<, 8)
    end
  end

  # A closure that moved would be a crash here.
  def test_the_collector_moves_nothing_that_c_holds
    out, error, status = ruby("-I#{PACKAGE}/lib", "-e", <<~PROGRAM)
      require "logger"
      require "sg_open_tracking"
      client = SgOpenTracking::Client.new(ENV.fetch("SENDGRID_API_KEY"), logger: Logger.new(File::NULL))
      client.get
      GC.auto_compact = true
      GC.stress = true
      client.get_many(%w[subuser-00001 subuser-00002]).each { |item| item.error && raise(item.error) }
      GC.stress = false
      puts "done"
    PROGRAM
    assert_equal(["done\n", "", true], [out, error, status.success?])
  end
end
