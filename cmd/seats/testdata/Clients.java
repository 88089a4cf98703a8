// Puts questions, parted by zeros on standard input, to a database by JDBC, each prepared, and prints how many rows come of each.
// Arguments: URL, file of statements to be run before ("": none).
import java.nio.file.*;
import java.sql.*;

public class Clients {
    public static void main(String[] args) throws Exception {
        String asked = new String(System.in.readAllBytes());
        try (Connection db = DriverManager.getConnection(args[0])) {
            if (!args[1].isEmpty()) {
                try (Statement s = db.createStatement()) {
                    s.execute(Files.readString(Path.of(args[1])));
                }
            }
            for (String question : asked.split("\0")) {
                try (PreparedStatement s = db.prepareStatement(question); ResultSet r = s.executeQuery()) {
                    int rows = 0;
                    while (r.next()) rows++;
                    System.out.println(rows);
                }
            }
        }
    }
}
