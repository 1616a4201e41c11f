# frozen_string_literal: true

module SgOpenTracking
  # Where the account lives: :global or :eu, or these numbers of the header's. A key of one region does not work in the
  # other.
  module Region
    GLOBAL = 0
    EU = 1
  end

  # From Ruby's values to C's: what is refused here would otherwise be cut short, wrap around or be taken for something
  # else on the way.
  module Arguments
    UINT32_MAX = (2**32) - 1

    # How many names of a sequence are read before the first of them is begun.
    LOT = 1_000

    KEY = "1 to 512 characters of visible ASCII, with no space"
    ON_BEHALF_OF = "1 to 256 characters of printable ASCII, with no space at either end"
    SECONDS = "more than 0 and at most #{UINT32_MAX / 1000} seconds"
    COUNT = "0 to #{UINT32_MAX}"

    # Each option's setter, how its value goes to C, and what the library takes, to stand after "must be".
    OPTIONS = {
      timeout: [:sg_config_set_timeout_ms, :milliseconds, SECONDS],
      connect_timeout: [:sg_config_set_connect_timeout_ms, :milliseconds, SECONDS],
      max_retries: [:sg_config_set_max_retries, :count, COUNT],
      max_connections: [:sg_config_set_max_connections, :count, "1 to 1024"],
      requests_per_minute: [:sg_config_set_requests_per_minute, :count, COUNT],
      base_url: [:sg_config_set_base_url, :text, "an https URL, or http on a loopback address"],
      proxy: [:sg_config_set_proxy, :text, 'the URL of a proxy, or "" for none'],
      ca_file: [:sg_config_set_ca_file, :path, "a readable file of PEM certificates"],
      user_agent: [:sg_config_set_user_agent, :text, "1 to 256 characters of printable ASCII"]
    }.freeze

    module_function

    # A copy, which no other thread can change while C reads it.
    def text(name, value)
      raise TypeError, "#{name} must be a String, not #{value.class}" unless value.is_a?(String)

      begin
        copy = value.encode(Encoding::UTF_8)
      rescue EncodingError
        copy = nil
      end
      # Without their cause, which could show the key.
      raise InvalidArgumentError.new("#{name} must be valid Unicode"), cause: nil unless copy&.valid_encoding?
      raise InvalidArgumentError, "#{name} must not hold a NUL" if copy.include?("\0")

      copy.equal?(value) ? copy.dup : copy
    end

    def path(name, value)
      text(name, value.respond_to?(:to_path) ? value.to_path : value)
    end

    def name(argument, value)
      text(argument, value.is_a?(Symbol) ? value.name : value)
    end

    def on_behalf_of(value)
      value.nil? ? nil : name("on_behalf_of", value)
    end

    def flag(value)
      case value # or "off" would switch it on
      when true then 1
      when false then 0
      else raise TypeError, "enabled must be true or false, not #{value.class}"
      end
    end

    def region(value)
      Region.constants.each do |name|
        number = Region.const_get(name)
        return number if [number, name.downcase].include?(value)
      end
      raise InvalidArgumentError, "region must be :global or :eu, not #{value.inspect}"
    end

    # Yields the names in lots, the last of them before what `names` raises.
    def lots(names)
      raise TypeError, "names must have an each, which #{names.class} has not" unless names.respond_to?(:each)

      lot = []
      begin
        names.each do |name|
          lot.push(name)
          next if lot.length < LOT

          full = lot
          lot = []
          yield full
        end
      rescue StandardError => error
        raise if lot.empty?
      end
      yield lot unless lot.empty?
      raise error if error
    end

    def milliseconds(name, seconds)
      raise TypeError, "#{name} must be a number, not #{seconds.class}" unless seconds.is_a?(Numeric)
      in_range = seconds.positive? && seconds <= UINT32_MAX / 1000r # as NaN is not
      raise InvalidArgumentError, "#{name} must be #{SECONDS}" unless in_range

      [1, (seconds * 1000).round].max
    end

    def count(name, value)
      raise TypeError, "#{name} must be an Integer, not #{value.class}" unless value.is_a?(Integer)
      raise InvalidArgumentError, "#{name} must be #{OPTIONS.fetch(name)[2]}" unless value.between?(0, UINT32_MAX)

      value
    end
  end

  private_constant :Arguments
end
