# frozen_string_literal: true

module SgOpenTracking
  # A call that succeeded: what the server reported; the HTTP status; requests sent, the first included; seconds that the
  # server asked to wait, or nil; seconds that the call took, waits included. Frozen.
  Result = Struct.new(:enabled, :http_status, :attempts, :retry_after, :elapsed, keyword_init: true) do
    alias_method :enabled?, :enabled
  end

  # What became of one of many accounts: its number and its name, and a Result or else an OpenTrackingError. Frozen.
  Item = Struct.new(:index, :name, :result, :error, keyword_init: true)

  # One key, one region, one pool of connections, for any number of threads.
  #
  # Every call ends within the client's timeout, and at once when its thread is killed or interrupted, as by
  # Timeout.timeout. What goes wrong is raised as an OpenTrackingError. Closing a client, which the end of a block does,
  # cancels the calls that other threads have in it: they raise CancelledError, and later ones ClosedError.
  class Client
    # Yields a new client and closes it when the block ends; without a block, returns it.
    def self.open(key, **options)
      client = new(key, **options)
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
    # the system's trust store. `user_agent` is appended to the library's own. `region` is :global or :eu. `logger`, a
    # Logger or what has its methods, is told what calls do, in their threads; the levels that it takes are asked now.
    def initialize(key, region: :global, timeout: nil, connect_timeout: nil, max_retries: nil, max_connections: nil,
                   requests_per_minute: nil, base_url: nil, proxy: nil, ca_file: nil, user_agent: nil, logger: nil)
      options = {
        timeout: timeout, connect_timeout: connect_timeout, max_retries: max_retries, max_connections: max_connections,
        requests_per_minute: requests_per_minute, base_url: base_url, proxy: proxy, ca_file: ca_file, user_agent: user_agent
      }
      Native.refuse_other_ractors
      config = Native.sg_config_new
      begin
        options.compact.each do |name, value|
          setter, to_c, allowed = Arguments::OPTIONS.fetch(name)
          code = Native.public_send(setter, config, Arguments.public_send(to_c, name, value))
          Native.check(code, "#{name} must be #{allowed}")
        end
        Log.attach(config, logger) if logger
        region = Arguments.region(region)
        key = Arguments.text("key", key)
        refusal = "key must be #{Arguments::KEY}; #{ENVIRONMENT}"
        own(region, logger, Handle.made(refusal) { |out| Native.sg_client_new(key, region, config, out) })
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

    # Switches open tracking on or off for many accounts, up to `max_connections` at once and as fast as the account's
    # rate limit allows. Yields an Item for each as it comes; one's failure stops no other. Without a block, an Enumerator.
    #
    # `names` has an `each`: it may be lazy, and endless. It is read in this thread, up to 1,000 names at a time, which
    # are done before more are read.
    #
    # Leaving the block early cuts off the rest. What ends it early is raised: CancelledError if this client is cancelled,
    # UnauthorizedError if three replies in a row were 401 before any went well (the rest is not sent then), and what
    # `names` raises, once the names that it gave are done. The timeout is each item's own.
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

      listing = lambda do |client, report|
        named = ->(name) { report.call(Native.text(name)) }
        Native.callback([Native::POINTER, Native::POINTER], named) do |on_subuser|
          outcome(*Native.result { |result| Native.sg_client_list_subusers(client, on_subuser, 0, result) })
        end
      end
      aside(listing, &block)
      self
    end

    # A client that shares this one's key and connections but has its own timeout (nil: the same), its own #cancel and its
    # own #close. It is cheap: make one for a single call. With a block, as Client.open.
    def derive(timeout: nil, &block)
      milliseconds = timeout.nil? ? 0 : Arguments.milliseconds("timeout", timeout)
      derived = Client.allocate
      derived.send(:own, @region, @logger, @handle.derive(milliseconds))
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
      @handle.cancel
      @under_way.keys.each(&:cancel)
      nil
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

    def own(region, logger, handle)
      @region = region
      @logger = logger
      @handle = handle
      @under_way = {}.compare_by_identity
      ObjectSpace.define_finalizer(self, handle.finalizer)
    end

    # A call in a native client of its own, whose reports are the block's. This client's cancel and close reach it.
    def aside(native, &block)
      Call.new(@handle, @logger, @under_way, native).each(&block)
    end

    def call(&native)
      outcome(*aside(->(client, _) { Native.result { |result| native.call(client, result) } }))
    end

    def many(names, block)
      done = 0
      Arguments.lots(names) do |lot|
        texts = lot.map { |name| Arguments.name("name", name) }
        first = done
        done += lot.length
        calling = lambda do |client, report|
          ended = ->(index, result) { report.call(item(first + index, lot[index], result)) }
          code = Native.callback([Native::POINTER, Native::SIZE, Native::POINTER], ended) do |on_result|
            Native.texts(texts) { |array| yield client, array, texts.length, on_result, 0, 0 }
          end
          Native.check(code, "names was refused") unless code == Code::PARTIAL # which the items told
        end
        aside(calling, &block)
      end
      self
    end

    def item(index, name, result)
      Item.new(index: index, name: name, result: outcome(*Native.fields(result))).freeze
    rescue OpenTrackingError => error
      Item.new(index: index, name: name, error: error).freeze
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
