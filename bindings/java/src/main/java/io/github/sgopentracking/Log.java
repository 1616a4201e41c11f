package io.github.sgopentracking;

import com.sun.jna.Pointer;
import java.lang.System.Logger.Level;
import java.util.List;

/** Hands the library's log to a logger. What that throws, JNA prints: it does not pass through native frames. */
final class Log implements NativeFunctions.OnLog {
    /** By {@code sg_log}, from 1. */
    private static final List<Level> LEVELS = List.of(Level.ERROR, Level.WARNING, Level.INFO, Level.DEBUG);

    private final System.Logger logger;

    private Log(System.Logger logger) {
        this.logger = logger;
    }

    /** Asks for what the logger takes now. Null if that is nothing; else it must be reachable while lines may come. */
    static Log set(Pointer config, System.Logger logger) {
        for (int level = LEVELS.size(); level > 0; level--) {
            if (logger.isLoggable(LEVELS.get(level - 1))) {
                Log log = new Log(logger);
                int code = NativeFunctions.sg_config_set_log(config, level, Library.address(log), null);
                Arguments.check(code, "logger was refused");
                return log;
            }
        }
        return null;
    }

    @Override
    public void invoke(Pointer context, int level, Pointer line) {
        logger.log(LEVELS.get(level - 1), NativeFunctions.text(line));
    }
}
