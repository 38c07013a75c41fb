package io.millrace.cli;

import io.millrace.datasets.CsvRows;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;

/** Scores rows of a CSV file. */
@Command(
    name = "predict",
    description = "Score the rows of a CSV file with the model an environment serves.")
final class PredictCommand implements Callable<Integer> {

  @ParentCommand @Nullable Millrace millrace;

  @Parameters(index = "0", paramLabel = "MODEL", description = "Registered model.")
  String model = "";

  @Parameters(
      index = "1",
      paramLabel = "CSV",
      description = "Rows with a header; columns the model does not know are ignored.")
  @Nullable Path csv;

  @Option(
      names = "--environment",
      paramLabel = "NAME",
      description = "Environment (default: ${DEFAULT-VALUE}).")
  String environment = "production";

  @Option(
      names = "--rows",
      paramLabel = "N",
      description = "At most so many rows (default: ${DEFAULT-VALUE}).")
  int rows = 10;

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(millrace);
    var terminal = root.terminal();
    var path = Objects.requireNonNull(csv);
    try (var gateway = root.client();
        var reader = CsvRows.open(path)) {
      List<List<String>> data = new ArrayList<>();
      for (var row = reader.next(); row.isPresent() && data.size() < rows; row = reader.next()) {
        data.add(row.get());
      }
      if (data.isEmpty()) {
        throw new CliFailure(path + " has no rows.");
      }
      var predictions = predict(gateway, model, environment, reader.header(), data);
      List<List<@Nullable String>> table = new ArrayList<>();
      for (int row = 0; row < predictions.size(); row++) {
        table.add(List.of(Integer.toString(row + 1), shown(predictions.path(row))));
      }
      terminal.table(0, List.of("row", "prediction"), table);
      return 0;
    } catch (io.millrace.datasets.DatasetException e) {
      throw new CliFailure(String.valueOf(e.getMessage()));
    }
  }

  /** Scores rows through MLflow's scoring protocol; one prediction a row. */
  static JsonNode predict(
      GatewayClient gateway,
      String model,
      String environment,
      List<String> columns,
      List<List<String>> rows) {
    List<List<@Nullable Object>> data = new ArrayList<>();
    for (var row : rows) {
      List<@Nullable Object> cells = new ArrayList<>();
      row.forEach(cell -> cells.add(value(cell)));
      data.add(cells);
    }
    Map<String, Object> split = new LinkedHashMap<>();
    split.put("columns", columns);
    split.put("data", data);
    return gateway
        .post(
            "/invocations?model="
                + GatewayClient.encode(model)
                + "&environment="
                + GatewayClient.encode(environment),
            Map.of("dataframe_split", split))
        .path("predictions");
  }

  private static @Nullable Object value(String cell) {
    if (cell.isEmpty()) {
      return null;
    }
    try {
      return Double.valueOf(cell);
    } catch (NumberFormatException e) {
      return cell;
    }
  }

  static String shown(JsonNode prediction) {
    return prediction.isString() ? prediction.asString() : prediction.toString();
  }
}
