package extract

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	texts "seats/sql"
)

// estimate is how many rows the server expects of a job.
func estimate(ctx context.Context, reader *pgx.Conn, j job) (int64, error) {
	var plan []byte
	err := reader.QueryRow(ctx, "explain (format json) "+texts.Text(j.statement), j.args...).Scan(&plan)
	if err != nil {
		return 0, fmt.Errorf("plan sql/%s: %w", j.statement, err)
	}
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	if err := json.Unmarshal(plan, &plans); err != nil || len(plans) != 1 {
		return 0, fmt.Errorf("read plan of sql/%s: %w", j.statement, err)
	}
	return int64(plans[0].Plan.Rows), nil
}
