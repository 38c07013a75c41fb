package io.millrace.cli;

import io.millrace.datasets.Csv;
import io.millrace.pipeline.PipelineFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Writes a working pipeline file for a CSV file. */
@Command(name = "init", description = "Write a working pipeline file for a CSV file.")
final class InitCommand implements Callable<Integer> {

  @ParentCommand @Nullable Millrace millrace;

  @Parameters(paramLabel = "CSV", description = "The data.")
  @Nullable Path csv;

  @Option(
      names = "--target",
      paramLabel = "COLUMN",
      description = "Column to predict (default: the last one).")
  @Nullable String target;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Name of the pipeline (default: the file's).")
  @Nullable String name;

  @Override
  public Integer call() throws IOException {
    var root = Objects.requireNonNull(millrace);
    var path = Objects.requireNonNull(csv);
    if (!Files.isReadable(path)) {
      throw new CliFailure("Cannot read " + path.toAbsolutePath() + ". Is the path right?");
    }
    var schema = Csv.infer(path).schema();
    var column = target == null ? schema.names().getLast() : schema.column(target).name();
    var slug = name == null ? slug(path) : name;
    var file = Path.of(slug + ".yaml");
    if (Files.exists(file)) {
      throw new CliFailure(file + " exists; it is not overwritten. Choose another --name.");
    }
    Files.writeString(file, PipelineFile.template(slug, slug, column));
    root.terminal()
        .line("Wrote " + file + ". Train with: ./millrace run " + file + " --data " + path);
    return 0;
  }

  private static String slug(Path path) {
    var name = path.getFileName().toString().replaceFirst("\\.[^.]*$", "");
    var slug =
        name.toLowerCase(java.util.Locale.ROOT)
            .replaceAll("[^a-z0-9]+", "-")
            .replaceAll("^-+|-+$", "");
    return slug.isEmpty() ? "pipeline" : slug;
  }
}
