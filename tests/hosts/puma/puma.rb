# frozen_string_literal: true

workers 2
threads 5, 5
bind "unix://#{ENV.fetch("HOST_SOCKET")}"
environment "production"
preload_app!(ENV.fetch("HOST_PRELOAD") == "yes")
# What is under way when it stops has a second, then an exception: Timeout, Thread#raise and kill cut calls off.
force_shutdown_after 1
