package io.millrace.inference.models;

import java.time.Instant;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** What this replica serves. */
@RestController
class EndpointController {

  private final ModelTable table;
  private final String replica;

  EndpointController(ModelTable table, ServingSettings settings) {
    this.table = table;
    this.replica = settings.replica();
  }

  record Item(
      String environment,
      String modelName,
      int version,
      long revision,
      String replica,
      Instant loadedAt) {}

  record Items(List<Item> items) {}

  @GetMapping("/api/v1/endpoints")
  Items endpoints() {
    return new Items(
        table.all().stream()
            .map(
                model ->
                    new Item(
                        model.endpoint().environment(),
                        model.endpoint().model(),
                        model.version(),
                        model.revision(),
                        replica,
                        model.loadedAt()))
            .toList());
  }
}
