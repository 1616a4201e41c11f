# frozen_string_literal: true

require "fiddle"

module SgOpenTracking
  # The fiddle layer: finds the library, checks its version and declares its functions.
  #
  # Fiddle releases the GVL for each call, so that other threads run meanwhile; what a function reads must not change
  # then, and Arguments therefore copies every string.
  module Native
    # The oldest version of the library that has all that this package uses.
    NEEDED = [1, 1].freeze

    NAMES =
      case RbConfig::CONFIG["host_os"]
      when /mswin|mingw/ then %w[sg_open_tracking.dll libsg_open_tracking.dll]
      when /darwin/ then %w[libsg_open_tracking.1.dylib libsg_open_tracking.dylib]
      else %w[libsg_open_tracking.so.1 libsg_open_tracking.so]
      end.freeze

    # `sg_result`: 512 bytes, a layout that never changes.
    RESULT_SIZE = 512
    RESULT_LAYOUT = "l l C x3 L q q Z480"

    MAIN_RACTOR = Ractor.current
    private_constant :MAIN_RACTOR

    VOID = Fiddle::TYPE_VOID
    BOOL = -Fiddle::TYPE_CHAR
    INT32 = Fiddle::TYPE_INT
    UINT32 = -Fiddle::TYPE_INT
    TEXT = Fiddle::TYPE_CONST_STRING
    # What functions take and return: for a TYPE_VOIDP fiddle calls Integer(), which swallows what interrupts it.
    ADDRESS = Fiddle::TYPE_UINTPTR_T
    # What callbacks are handed.
    POINTER = Fiddle::TYPE_VOIDP
    SIZE = Fiddle::TYPE_SIZE_T

    SIGNATURES = {
      sg_open_tracking_update: [INT32, [TEXT, BOOL, INT32, TEXT, ADDRESS]],
      sg_open_tracking_get: [INT32, [TEXT, INT32, TEXT, ADDRESS]],
      sg_config_new: [ADDRESS, []],
      sg_config_free: [VOID, [ADDRESS]],
      sg_config_set_timeout_ms: [INT32, [ADDRESS, UINT32]],
      sg_config_set_connect_timeout_ms: [INT32, [ADDRESS, UINT32]],
      sg_config_set_max_retries: [INT32, [ADDRESS, UINT32]],
      sg_config_set_max_connections: [INT32, [ADDRESS, UINT32]],
      sg_config_set_requests_per_minute: [INT32, [ADDRESS, UINT32]],
      sg_config_set_base_url: [INT32, [ADDRESS, TEXT]],
      sg_config_set_proxy: [INT32, [ADDRESS, TEXT]],
      sg_config_set_ca_file: [INT32, [ADDRESS, TEXT]],
      sg_config_set_user_agent: [INT32, [ADDRESS, TEXT]],
      sg_config_set_log: [INT32, [ADDRESS, INT32, ADDRESS, ADDRESS]],
      sg_client_new: [INT32, [TEXT, INT32, ADDRESS, ADDRESS]],
      sg_client_derive: [INT32, [ADDRESS, UINT32, ADDRESS]],
      sg_client_free: [VOID, [ADDRESS]],
      sg_client_update: [INT32, [ADDRESS, BOOL, TEXT, ADDRESS]],
      sg_client_get: [INT32, [ADDRESS, TEXT, ADDRESS]],
      sg_client_cancel: [VOID, [ADDRESS]],
      sg_client_update_many: [INT32, [ADDRESS, BOOL, ADDRESS, SIZE, ADDRESS, ADDRESS, ADDRESS]],
      sg_client_get_many: [INT32, [ADDRESS, ADDRESS, SIZE, ADDRESS, ADDRESS, ADDRESS]],
      sg_client_list_subusers: [INT32, [ADDRESS, ADDRESS, ADDRESS, ADDRESS]],
      sg_strerror: [TEXT, [INT32]],
      sg_version: [TEXT, []]
    }.freeze

    class << self
      # Refuses a library that is older than the one that is needed, or of another major version.
      def check_version(path, version, needed = NEEDED)
        major, minor = version.split(".").map(&:to_i)
        return if major == needed[0] && minor >= needed[1]

        raise LoadError, "#{path} is libsg_open_tracking #{version}, and this package needs #{needed.join(".")} or a " \
                         "later #{needed[0]}.x: install one, or set SG_OPEN_TRACKING_LIBRARY to its path"
      end

      # Room for what a function writes, for as long as the block runs.
      def room(size, &block)
        Fiddle::Pointer.malloc(size, Fiddle::RUBY_FREE, &block)
      end

      # What a call writes into the `sg_result` that the block is given.
      def result
        room(RESULT_SIZE) do |result|
          yield result
          fields(result)
        end
      end

      def fields(result)
        result[0, RESULT_SIZE].unpack(RESULT_LAYOUT)
      end

      # An array of C strings, for as long as the block runs.
      def texts(texts)
        bytes = texts.map { |text| "#{text}\0".b }
        room([bytes.sum(&:bytesize), 1].max) do |memory|
          address = memory.to_i
          addresses = bytes.map { |text| (address += text.bytesize) - text.bytesize }
          memory[0, address - memory.to_i] = bytes.join
          room([bytes.length, 1].max * Fiddle::SIZEOF_VOIDP) do |array|
            array[0, bytes.length * Fiddle::SIZEOF_VOIDP] = addresses.pack("J*")
            yield array
          end
        end
      end

      # Yields the address of a C function that answers, as `answer` does, whether to go on. Nothing may be raised in it.
      def callback(types, answer)
        pinned = pinned(BOOL, types) { |_, *reported| answer.call(*reported) ? 1 : 0 }
        yield pinned.ref.to_i
      ensure
        pinned&.clear
      end

      # C holds a function's address: the collector may not move it.
      def pinned(result, types, &block)
        Fiddle::Pinned.new(Fiddle::Closure::BlockCaller.new(result, types, &block))
      end

      # Fiddle would refuse them too, but not say why.
      def refuse_other_ractors
        return if Ractor.current == MAIN_RACTOR

        raise Ractor::UnsafeError, "fiddle calls the library from the main Ractor alone: make clients and calls there"
      end

      # Raises what a bare code means; `refusal` says it for a refused argument.
      def check(code, refusal)
        return if code == Code::OK

        raise OpenTrackingError.of(code, code == Code::ARGUMENT ? refusal : text(sg_strerror(code)))
      end

      # A C string as UTF-8, which fiddle takes for bytes.
      def text(bytes)
        bytes.to_s.dup.force_encoding(Encoding::UTF_8)
      end

      private

      # Defines a method for each function.
      def bind(library)
        const_set(:LIBRARY_VERSION, function(library, :sg_version).call.to_s.freeze)
        check_version(library.file_name, LIBRARY_VERSION)
        SIGNATURES.each_key do |name|
          function = function(library, name)
          define_singleton_method(name) { |*arguments| function.call(*arguments) }
        end
      rescue Fiddle::DLError => error
        raise LoadError, "#{library.file_name} is not the libsg_open_tracking that was meant: #{error.message}"
      end

      def function(library, name)
        result, arguments = SIGNATURES.fetch(name)
        Fiddle::Function.new(library[name.to_s], arguments, result)
      end

      # The library that the environment names; else one beside this file; else the loader's.
      def open_library
        named = ENV.fetch("SG_OPEN_TRACKING_LIBRARY", "")
        beside = NAMES.map { |name| File.join(__dir__, name) }.select { |path| File.exist?(path) }
        failures = (named.empty? ? beside + NAMES : [named]).map do |candidate|
          return Fiddle::Handle.new(candidate)
        rescue Fiddle::DLError => error
          "  #{candidate}: #{error.message}"
        end
        hint = "install it, or set SG_OPEN_TRACKING_LIBRARY to its path"
        raise LoadError, ["libsg_open_tracking was not found: #{hint}. Tried:", *failures].join("\n")
      end
    end

    bind(open_library)
  end

  private_constant :Native
end
