package example;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVRecord;

/** Reads a table with a header line from standard input, and writes its rows as JSON. */
public final class Table {
  public static void main(String[] args) throws IOException {
    CSVFormat format = CSVFormat.DEFAULT.builder().setHeader().setSkipHeaderRecord(true).get();
    try (var parser = format.parse(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      List<Map<String, String>> rows = parser.stream().map(CSVRecord::toMap).toList();
      Gson gson = new GsonBuilder().create();
      System.out.println(gson.toJson(rows));
    }
  }

  private Table() {}
}
