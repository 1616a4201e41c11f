import io.github.sgopentracking.Client;
import io.github.sgopentracking.ClientOptions;
import io.github.sgopentracking.OpenTrackingException;
import io.github.sgopentracking.Region;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The web application: a client that lives as long as its servlet. */
@WebServlet("/")
public class App extends HttpServlet {
    private static final long serialVersionUID = 1;

    private static final Logger LOGGER = Logger.getLogger(App.class.getName());

    private transient Client client;

    @Override
    public void init() {
        LOGGER.setLevel(Level.ALL);
        LOGGER.setUseParentHandlers(false); // which would print thousands of lines
        ClientOptions options = new ClientOptions()
                .logger(System.getLogger(LOGGER.getName()))
                .baseUrl(System.getenv("SANDBOX_URL"))
                .caFile(Path.of(System.getenv("SANDBOX_CA_FILE")))
                .proxy("")
                .maxRetries(1)
                .timeout(Duration.ofSeconds(5));
        client = new Client(System.getenv("SANDBOX_KEY"), Region.GLOBAL, options);
    }

    /** Every kind of call, so that each could leave something behind. */
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String name = request.getParameter("name");
        try {
            String kind = String.valueOf(request.getParameter("kind"));
            boolean enabled;
            if (kind.equals("async")) {
                enabled = client.getAsync(name).join().enabled();
            } else if (kind.equals("many")) {
                enabled = client.getMany(List.of(name, name)).allMatch(item -> item.get().enabled());
            } else {
                enabled = client.get(name).enabled();
            }
            response.getWriter().print(enabled ? "on" : "off");
        } catch (OpenTrackingException failed) {
            response.sendError(502, failed.code().toString());
        }
    }

    @Override
    public void destroy() {
        client.close();
    }
}
