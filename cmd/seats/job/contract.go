package job

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/store"
)

// Contract is what one of a region says of a month, as far as its days are counted and their curves kept (macro contract).
type Contract struct {
	Month                  calendar.Month
	Region, Name           string
	Measures               string // in words, what the quantity is
	Quantity               float64
	Committed              int64   // 0: not said, and then nothing is over or above it
	Overage                float64 // agents
	DaysAbove, DaysCounted int64
	State                  string  // settle.Final or settle.Provisional
	Reached                float64 // the highest share of Committed that is to be told of, and that the quantity reaches; 0: none
}

// ContractVersion is the schema version from which on a store has contracts.
const ContractVersion = 5

// Contracts tells what those in the store say of months, both included, in which a day was counted: by month, region and name.
func Contracts(ctx context.Context, q duck.Queryer, from, to calendar.Month) ([]Contract, error) {
	if has, err := store.Has(ctx, q, ContractVersion); err != nil || !has {
		return nil, err
	}
	if some, err := duck.One[string](ctx, q, "ask/agreed"); err != nil || some == "" {
		return nil, err
	}
	return duck.All[Contract](ctx, q, "ask/contract", sql.Named("from", from.String()), sql.Named("to", to.String()))
}

// Warn tells of the share that is reached.
func (c Contract) Warn(log Log, tenant string) {
	log.Warn("a contract has reached a share of what is committed", "tenant", tenant, "region", c.Region, "contract", c.Name, "month", c.Month, "reached", c.Reached,
		"quantity", c.Quantity, "committed", c.Committed, "share", fmt.Sprintf("%.3f", c.Quantity/float64(c.Committed)), "days_counted", c.DaysCounted)
}

// contracts are those of the months that the job is about, as the store has them now. It is not asked where none is configured.
func (s *state) contracts(ctx context.Context) ([]Contract, error) {
	agrees := func(r config.Region) bool { return len(r.Contracts) > 0 }
	if !s.does(Compute) || len(s.Days) == 0 || !slices.ContainsFunc(s.Tenant.Regions, agrees) {
		return nil, nil
	}
	return Contracts(ctx, s.Conn, s.Days[0].YearMonth(), s.LastDay().YearMonth())
}

// agree writes what the configuration says of contracts into the store, and tells of shares that are reached by now and were not when
// the job began: those who counted the day tell it, once.
func (s *state) agree(ctx context.Context) error {
	type agreed struct {
		Region string `json:"region"`
		config.Contract
		Until calendar.Date `json:"until,omitzero"`
	}
	contracts := []agreed{}
	for _, r := range s.Tenant.Regions {
		for _, c := range r.Contracts {
			c.AlertAt = append([]float64{}, c.AlertAt...) // [] in JSON
			contracts = append(contracts, agreed{r.Name, c, r.Until})
		}
	}
	err := duck.InTx(ctx, s.Conn, func(tx *sql.Tx) error {
		return duck.ExecAll(ctx, tx, []string{"store/configured_contract", "store/drop_contracts", "store/insert_contracts"}, duck.JSON("contracts", contracts))
	})
	if err != nil {
		return fmt.Errorf("write contracts: %w", err)
	}
	now, err := s.contracts(ctx)
	for _, c := range now {
		was := slices.ContainsFunc(s.agreed, func(b Contract) bool {
			return b.Month == c.Month && b.Region == c.Region && b.Name == c.Name && b.Reached >= c.Reached
		})
		if c.Reached > 0 && !was {
			c.Warn(s.Log, s.Tenant.Name)
		}
	}
	return err
}
