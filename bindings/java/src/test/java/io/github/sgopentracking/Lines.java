package io.github.sgopentracking;

import java.util.List;
import java.util.Locale;
import java.util.ResourceBundle;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A logger that keeps whatever it is told, and says that it wants this level and those above it. */
class Lines implements System.Logger {
    private static final Pattern FIELD = Pattern.compile("(\\w+)=(\"(?:[^\"\\\\]|\\\\.)*\"|\\S*) ?");

    private final Level least;
    private final List<String> lines = new CopyOnWriteArrayList<>();

    Lines(Level least) {
        this.least = least;
    }

    @Override
    public String getName() {
        return "lines";
    }

    @Override
    public boolean isLoggable(Level level) {
        return level.getSeverity() >= least.getSeverity();
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
        lines.add(level.name().toLowerCase(Locale.ROOT).replace("warning", "warn") + " " + message);
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... parameters) {
        log(level, bundle, format, (Throwable) null);
    }

    void forget() {
        lines.clear();
    }

    /** Each with its level before it. */
    List<String> all() {
        return List.copyOf(lines);
    }

    /** Each as its level and its event. */
    List<String> events() {
        return forms().stream().map(form -> form.split(":")[0]).collect(Collectors.toList());
    }

    /** Each as its level, its event and the names of its other keys. */
    List<String> forms() {
        return lines.stream().map(Lines::form).collect(Collectors.toList());
    }

    private static String form(String line) {
        String[] levelAndText = line.split(" ", 2);
        List<MatchResult> fields = FIELD.matcher(levelAndText[1]).results().collect(Collectors.toList());
        String whole = fields.stream().map(MatchResult::group).collect(Collectors.joining());
        if (!whole.equals(levelAndText[1]) || !fields.get(0).group(1).equals("event")) {
            throw new AssertionError("this is no line of a log: " + line);
        }
        return fields.stream()
                .skip(1)
                .map(field -> field.group(1))
                .collect(Collectors.joining(" ", levelAndText[0] + " " + fields.get(0).group(2) + ": ", ""));
    }
}
