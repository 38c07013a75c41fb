package io.millrace.inference.models;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What this replica serves now. A version is replaced in one step, without a moment of nothing. */
@Component
public final class ModelTable {

  private final Map<Endpoint, ServedModel> served = new ConcurrentHashMap<>();

  ModelTable(MeterRegistry meters) {
    meters.gaugeMapSize("inference.models.loaded", List.of(), served);
  }

  /**
   * The model for one call. The caller must {@link ServedModel#release} it.
   *
   * @param model null where the one served model is meant
   * @param version null for whatever version is served
   * @throws NotServed saying what is served instead
   */
  public ServedModel acquire(String environment, @Nullable String model, @Nullable String version) {
    while (true) {
      ServedModel found = find(environment, model);
      if (version != null && !version.equals(Integer.toString(found.version()))) {
        throw new NotServed(
            "model '%s' serves version %d in %s, not version %s; leave the version out, or promote that version"
                .formatted(found.endpoint().model(), found.version(), environment, shown(version)));
      }
      if (found.acquire()) {
        return found;
      }
    }
  }

  /** Everything served, by environment and model. */
  public List<ServedModel> all() {
    return served.values().stream()
        .sorted(
            Comparator.comparing((ServedModel m) -> m.endpoint().environment())
                .thenComparing(m -> m.endpoint().model()))
        .toList();
  }

  /** What is served at an endpoint, without taking it into use. */
  Optional<ServedModel> at(Endpoint endpoint) {
    return Optional.ofNullable(served.get(endpoint));
  }

  /** Serves this version from now on; calls that run on the one before end there. */
  void serve(ServedModel model) {
    ServedModel before = served.put(model.endpoint(), model);
    if (before != null) {
      before.release();
    }
  }

  /** Serves nothing there any more. */
  void withdraw(Endpoint endpoint) {
    ServedModel before = served.remove(endpoint);
    if (before != null) {
      before.release();
    }
  }

  private ServedModel find(String environment, @Nullable String model) {
    if (model == null) {
      List<ServedModel> here =
          all().stream().filter(m -> m.endpoint().environment().equals(environment)).toList();
      if (here.size() == 1) {
        return here.getFirst();
      }
      throw new NotServed(
          here.isEmpty()
              ? "no model is served in %s%s".formatted(shown(environment), instead())
              : "%d models are served in %s; say which by ?model=, one of %s"
                  .formatted(
                      here.size(),
                      environment,
                      String.join(", ", here.stream().map(m -> m.endpoint().model()).toList())));
    }
    ServedModel found = served.get(new Endpoint(environment, model));
    if (found != null) {
      return found;
    }
    List<String> elsewhere =
        all().stream()
            .filter(m -> m.endpoint().model().equals(model))
            .map(m -> m.endpoint().environment())
            .toList();
    throw new NotServed(
        elsewhere.isEmpty()
            ? "model '%s' is not served in %s%s"
                .formatted(shown(model), shown(environment), instead())
            : "model '%s' is not served in %s, only in %s: send the header Millrace-Environment or ?environment="
                .formatted(shown(model), shown(environment), String.join(", ", elsewhere)));
  }

  private String instead() {
    List<String> all = all().stream().limit(20).map(m -> m.endpoint().toString()).toList();
    return all.isEmpty()
        ? "; nothing is served yet: promote a model version first"
        : "; served are " + String.join(", ", all);
  }

  private static String shown(String text) {
    return text.length() > 100 ? text.substring(0, 100) + "..." : text;
  }
}
