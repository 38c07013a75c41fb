package io.millrace.training.workdir;

import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where a worker works on disk (`millrace.training.*`). Workers of one machine may share it.
 *
 * @param workDir folder of runs
 */
@ConfigurationProperties("millrace.training")
public record WorkSettings(@DefaultValue("${java.io.tmpdir}/millrace-training") Path workDir) {}
