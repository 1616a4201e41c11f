# frozen_string_literal: true

module SgOpenTracking
  # A call that succeeded: what the server reported; the HTTP status; requests sent, the first included; seconds that the
  # server asked to wait, or nil; seconds that the call took, waits included. Frozen.
  Result = Struct.new(:enabled, :http_status, :attempts, :retry_after, :elapsed, keyword_init: true) do
    alias_method :enabled?, :enabled
  end

  # A native client, freed once it was given up and the last call in it has ended.
  class Handle
    def initialize(pointer)
      @pointer = pointer
      @lock = Mutex.new
      @calls = 0
      @closed = false
    end

    # Yields the pointer, which is not freed meanwhile.
    def in_use
      @lock.synchronize do
        raise ClosedError, "the client is closed" if @closed

        @calls += 1
      end
      begin
        yield @pointer
      ensure
        @lock.synchronize do
          @calls -= 1
          free_if_unused
        end
      end
    end

    def close
      @lock.synchronize do
        return if @closed

        @closed = true
        free_if_unused
      end
    end

    def closed?
      @closed
    end

    # For a client that was only forgotten: nobody is in a call of it, and a finalizer may not wait for a lock.
    def finalizer
      proc do
        @closed = true
        free_if_unused
      end
    end

    private

    def free_if_unused
      return unless @closed && @calls.zero? && @pointer

      Native.sg_client_free(@pointer)
      @pointer = nil
    end
  end

  private_constant :Handle

  # One key, one region, one pool of connections, for any number of threads.
  #
  # Every call ends within the client's timeout. What goes wrong is raised as an OpenTrackingError. Closing a client,
  # which the end of a block does, cancels the calls that other threads have in it: they raise CancelledError, and later
  # ones ClosedError.
  class Client
    # Yields a new client and closes it when the block ends; without a block, returns it.
    def self.open(...)
      client = new(...)
      return client unless block_given?

      begin
        yield client
      ensure
        client.close
      end
    end

    # `timeout` (30 seconds by default) bounds a whole call, retries and waits included, and `connect_timeout` (10) the
    # part of it that connects. `max_retries` (2) is for failures to connect, 429 and 5xx. `max_connections` (8) are kept
    # open. `requests_per_minute` caps the client; 0, the default, leaves the pace to the server. `base_url` is https, or
    # http on a loopback address. `proxy` is a URL; "" is none, and nil as the environment says. `ca_file` (PEM) replaces
    # the system's trust store. `user_agent` is appended to the library's own.
    def initialize(key, region: Region::GLOBAL, timeout: nil, connect_timeout: nil, max_retries: nil, max_connections: nil,
                   requests_per_minute: nil, base_url: nil, proxy: nil, ca_file: nil, user_agent: nil)
      options = {
        timeout: timeout, connect_timeout: connect_timeout, max_retries: max_retries, max_connections: max_connections,
        requests_per_minute: requests_per_minute, base_url: base_url, proxy: proxy, ca_file: ca_file, user_agent: user_agent
      }
      config = Native.sg_config_new
      begin
        options.compact.each do |name, value|
          setter, to_c, allowed = Arguments::OPTIONS.fetch(name)
          code = Native.public_send(setter, config, Arguments.public_send(to_c, name, value))
          Native.check(code, "#{name} must be #{allowed}")
        end
        own(region, "key must be #{Arguments::KEY}; #{ENVIRONMENT}") do |out|
          Native.sg_client_new(Arguments.text("key", key), Arguments.region(region), config, out)
        end
      ensure
        Native.sg_config_free(config)
      end
    end

    # There is one owner of what the library holds, so `Marshal` is refused like `dup` and `clone`.
    def marshal_dump
      raise TypeError, "a client can't be dumped: make a new one where it is needed"
    end

    # Switches open tracking on or off: the account's, or that of a subuser (its username) or of a customer account
    # ("account-id ID").
    def update(enabled, on_behalf_of: nil)
      flag = Arguments.flag(enabled)
      name = Arguments.on_behalf_of(on_behalf_of)
      call { |client, result| Native.sg_client_update(client, flag, name, result) }
    end

    # Reads whether open tracking is on.
    def get(on_behalf_of: nil)
      name = Arguments.on_behalf_of(on_behalf_of)
      call { |client, result| Native.sg_client_get(client, name, result) }
    end

    # Switches open tracking on or off for many accounts, up to `max_connections` at once and as fast as the account's rate
    # limit allows. Yields an Item for each as it comes; one's failure stops no other. Without a block, an Enumerator.
    #
    # Leaving the block early cuts off the rest. What ends it early is raised: CancelledError if this client is cancelled,
    # Unauthorized if three replies in a row were 401 before any went well (the rest is not sent then). The timeout is each item's own.
    def update_many(enabled, names, &block)
      return to_enum(__method__, enabled, names) unless block

      flag = Arguments.flag(enabled)
      many(names, block) { |client, *arguments| Native.sg_client_update_many(client, flag, *arguments) }
    end

    # Reads whether open tracking is on for many accounts, as #update_many.
    def get_many(names, &block)
      return to_enum(__method__, names) unless block

      many(names, block) { |client, *arguments| Native.sg_client_get_many(client, *arguments) }
    end

    # Yields the usernames of the account's subusers, as its pages come. The key needs the scope subusers.read.
    def list_subusers(&block)
      return to_enum(__method__) unless block

      aside(block) do |client, report|
        named = ->(name) { report.call(Native.text(name)) }
        Native.callback([Native::POINTER, Native::POINTER], named) do |on_subuser|
          client.send(:call) { |pointer, result| Native.sg_client_list_subusers(pointer, on_subuser, nil, result) }
        end
      end
    end

    # A client that shares this one's key and connections but has its own timeout (nil: the same), its own #cancel and its
    # own #close. It is cheap: make one for a single call. With a block, as Client.open.
    def derive(timeout: nil, &block)
      milliseconds = timeout.nil? ? 0 : Arguments.milliseconds("timeout", timeout)
      derived = Client.allocate
      @handle.in_use do |origin|
        derived.send(:own, @region, "timeout was refused") { |out| Native.sg_client_derive(origin, milliseconds, out) }
      end
      return derived unless block

      begin
        yield derived
      ensure
        derived.close
      end
    end

    # Cuts off this client's calls, those in flight and any later one, with CancelledError. It may be called from any
    # thread and does not wait; a signal handler must do it in a Thread.new. Derived clients go on.
    def cancel
      begin
        @handle.in_use { |client| Native.sg_client_cancel(client) }
      rescue ClosedError
        nil # and its calls were cancelled then
      end
      aside = @lock.synchronize do
        @cancelled = true
        @aside.keys
      end
      aside.each(&:stop)
    end

    # Cancels what is in flight and gives the client up. It does not wait: the last call to end frees what the client
    # held. Closing twice does no harm.
    def close
      cancel
      @handle.close
      nil
    end

    def closed?
      @handle.closed?
    end

    def inspect
      name = Region.constants.find { |constant| Region.const_get(constant) == @region }
      "#<#{self.class} region=#{name}#{" closed" if closed?}>"
    end

    alias to_s inspect

    private

    def initialize_copy(_)
      raise TypeError, "a client can't be copied: derive one"
    end

    # Takes the client that the block makes.
    def own(region, refusal)
      Native.room(Fiddle::SIZEOF_VOIDP) do |out|
        Native.check(yield(out), refusal)
        @handle = Handle.new(out.ptr.to_i)
      end
      @region = region
      @lock = Mutex.new
      @aside = {}.compare_by_identity
      @cancelled = false
      ObjectSpace.define_finalizer(self, @handle.finalizer)
    end

    # Runs a call that reports to `block`, in a derived client. This client's cancel and close reach it.
    def aside(block, &call)
      derive do |client|
        fleet = Fleet.new(client, call)
        late = @lock.synchronize do
          @aside[fleet] = true
          @cancelled
        end
        fleet.stop if late
        fleet.each(&block)
      ensure
        @lock.synchronize { @aside.delete(fleet) }
      end
      self
    end

    def many(names, block)
      names = names.to_a
      texts = names.map { |name| Arguments.text("name", name) }
      aside(block) do |client, report|
        ended = ->(index, result) { report.call(item(index, names[index], result)) }
        code = Native.callback([Native::POINTER, Native::SIZE, Native::POINTER], ended) do |on_result|
          Native.texts(texts) do |array|
            client.send(:in_use) { |pointer| yield pointer, array, texts.length, on_result, nil, nil }
          end
        end
        Native.check(code, "names was refused") unless code == Code::PARTIAL # which the items told
      end
    end

    def item(index, name, result)
      fields = result[0, Native::RESULT_SIZE].unpack(Native::RESULT_LAYOUT)
      Item.new(index: index, name: name, result: outcome(*fields)).freeze
    rescue OpenTrackingError => error
      Item.new(index: index, name: name, error: error).freeze
    end

    def in_use(&block)
      @handle.in_use(&block)
    end

    def call
      Native.room(Native::RESULT_SIZE) do |result|
        @handle.in_use { |client| yield client, result }
        outcome(*result[0, Native::RESULT_SIZE].unpack(Native::RESULT_LAYOUT))
      end
    end

    def outcome(code, http_status, enabled, attempts, retry_after_ms, elapsed_us, message)
      known = {
        http_status: http_status, attempts: attempts, elapsed: elapsed_us / 1e6,
        retry_after: retry_after_ms.negative? ? nil : retry_after_ms / 1000.0
      }
      return Result.new(enabled: enabled == 1, **known).freeze if code == Code::OK

      known[:enabled] = enabled == 1 if code == Code::NOT_APPLIED
      raise OpenTrackingError.of(code, Native.text(message), **known)
    end
  end
end
